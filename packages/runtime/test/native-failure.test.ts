/** Memory that runs out while a program runs natively: the state stays, and the error says why. */
import { input, ops } from '@ganport/onnx';
import { expect, test } from 'vitest';
import type { OrtApi } from '../src/native/api.ts';
import { loadOrt } from '../src/native/library.ts';
import { openNative } from '../src/native/program.ts';
import { ACCUMULATOR, accumulator, modelOf, ramp } from './program/models.ts';

/** As onnxruntime says it. */
const OUT_OF_MEMORY =
  'Non-zero status code returned while running Add node. Failed to allocate memory for requested buffer of size 41104179200';

function expectNothingLeft({ live }: OrtApi): void {
  expect(Object.entries(live).filter(([, count]) => count !== 0)).toEqual([]);
}

test('a run that memory does not suffice for leaves the state as it was', async () => {
  let failing = false;
  const ort = loadOrt();
  const api: OrtApi = {
    ...ort,
    // What the run leaves in its outputs must not become the state.
    async callOn(thread, name, ...parameters) {
      await ort.callOn(thread, name, ...parameters);
      if (name === 'RunWithBinding' && failing) throw new Error(OUT_OF_MEMORY);
    },
  };
  const program = await openNative(accumulator(), { ...ACCUMULATOR, device: 'cpu' }, api);
  await program.run({ x: ramp(1) });
  failing = true;
  for (let i = 0; i < 3; i += 1) {
    const error = await program.run({ x: ramp(10) }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({
      name: 'RuntimeError',
      message: `the run failed: ${OUT_OF_MEMORY}`,
    });
  }
  failing = false;
  expect(await program.read(['sum'])).toEqual({ sum: ramp(1) });
  expect(await program.run({ x: ramp(1) })).toEqual({ doubled: ramp(4) });
  await program.close();
  expectNothingLeft(api);
});

test('a model that memory does not suffice for is refused, and leaves nothing', async () => {
  const api: OrtApi = { ...loadOrt(), callOn: () => Promise.reject(new Error(OUT_OF_MEMORY)) };
  await expect(openNative(accumulator(), { device: 'cpu' }, api)).rejects.toThrow(
    `cannot open the model: ${OUT_OF_MEMORY}`,
  );
  expectNothingLeft(api);
});

test('a thread that the system does not start is told', async () => {
  const fail = () => {
    throw new Error('EAGAIN');
  };
  const api: OrtApi = { ...loadOrt(), startThread: fail };
  await expect(openNative(accumulator(), { device: 'cpu' }, api)).rejects.toMatchObject({
    name: 'RuntimeError',
    message: 'cannot open the model: EAGAIN',
  });
  expectNothingLeft(api);
});

test('state that is larger than any memory is refused, and leaves nothing', async () => {
  const x = input('x', 'float32', [2 ** 44]);
  const model = modelOf([x], { y: ops.Neg(x) });
  const api = loadOrt();
  const opened = openNative(model, { device: 'cpu', state: { x: 'y' } }, api);
  await expect(opened).rejects.toThrow(/^cannot open the model: Array buffer allocation failed$/);
  expectNothingLeft(api);
});
