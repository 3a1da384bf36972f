/** Runs that are made where they are asked for. */
import { float32, input, ops } from '@ganport/onnx';
import { expect, test, vi } from 'vitest';
import { openNative } from '../src/native/program.ts';
import { ACCUMULATOR, accumulator, modelOf, ramp } from './program/models.ts';

test('they are those of the thread, which is not woken, also where they take turns with it', async () => {
  const program = await openNative(accumulator(), { device: 'cpu', ...ACCUMULATOR });
  const wake = vi.spyOn(Atomics, 'notify');
  try {
    const runs = [true, false, true].map((inPlace) => program.run({ x: ramp(1) }, { inPlace }));
    const doubled = (await Promise.all(runs)).map((results) => results.doubled);
    expect(doubled).toEqual([ramp(2), ramp(4), ramp(6)]);
    expect(wake).toHaveBeenCalledTimes(1);
  } finally {
    wake.mockRestore();
    await program.close();
  }
});

test('denormals are zeros in them, as on the thread, and numbers before and after', async () => {
  const x = input('x', 'float32', ['N']);
  const program = await openNative(modelOf([x], { squared: ops.Mul(x, x) }), {
    ...{ device: 'cpu', threads: 1 },
  });
  try {
    // Their squares are 2^-80, and 2^-140, which is less than the least normal number, 2^-126.
    const feeds = { x: float32([2 ** -40, 2 ** -70], [2]) };
    for (const inPlace of [false, true]) {
      const { squared } = await program.run(feeds, { inPlace });
      expect(squared).toEqual(float32([2 ** -80, 0], [2]));
      expect(Math.fround(Number(feeds.x.data[1]) ** 2)).toBe(2 ** -140);
    }
  } finally {
    await program.close();
  }
});

test('one that fails has its state as it was, and says why in one line', async () => {
  const program = await openNative(accumulator(), { device: 'cpu', ...ACCUMULATOR });
  const reason = new Error('before');
  const signal = AbortSignal.abort(reason);
  await expect(program.run({ x: ramp(1) }, { inPlace: true, signal })).rejects.toBe(reason);
  expect((await program.run({ x: ramp(1) }, { inPlace: true })).doubled).toEqual(ramp(2));
  await program.close();
});
