/** What callers in JavaScript may get wrong. */
import { buildModel, encodeModel, float32, input, ops } from '@ganport/onnx';
import { expect, test } from 'vitest';
import { RuntimeError } from '../src/error.ts';
import { openNative, openNode, openProgram } from '../src/node.ts';

const x = input('x', 'float32', [1]);
const model = encodeModel(buildModel({ name: 'm', inputs: [x], outputs: { y: ops.Neg(x) } }));

const devices = 'device: expected one of cpu, webgpu, cuda, got';
const threads = 'threads: expected a whole number from 0 to 1024, got';

test.each<[unknown, string]>([
  [undefined, `${devices} undefined`],
  [{}, `${devices} undefined`],
  [{ device: 'gpu' }, `${devices} "gpu"`],
  [{ device: 'cpu\n' }, `${devices} "cpu\\n"`],
  [{ device: 'cpu', threads: -1 }, `${threads} -1`],
  [{ device: 'cpu', threads: Number.NaN }, `${threads} NaN`],
  [{ device: 'cpu', threads: 1.5 }, `${threads} 1.5`],
  [{ device: 'cpu', threads: 1e9 }, `${threads} 1000000000`],
])('options %o are refused by every runtime', async (options, message) => {
  for (const open of [openProgram, openNative, openNode]) {
    await expect(open(model, options as never)).rejects.toThrow(new RuntimeError(message));
  }
});

test('feeds and a signal that are none are told', async () => {
  const program = await openProgram(model, { device: 'cpu' });
  try {
    await expect(program.run(null as never)).rejects.toThrow(
      'feeds: expected tensors by name, got null',
    );
    const feeds = { x: float32([1]) };
    await expect(program.run(feeds, { signal: 5 as never })).rejects.toThrow(
      'signal: expected an AbortSignal, got number',
    );
    await expect(program.run(feeds)).resolves.toMatchObject({ y: { data: Float32Array.of(-1) } });
  } finally {
    await program.close();
  }
});

test('many programs at work have one listener for the end of the process', async () => {
  const warnings: string[] = [];
  const note = ({ name }: Error) => warnings.push(name);
  process.on('warning', note);
  const programs = await Promise.all(
    Array.from({ length: 12 }, () => openProgram(model, { device: 'cpu' })),
  );
  try {
    await Promise.all(programs.map((program) => program.run({ x: float32([1]) })));
  } finally {
    await Promise.all(programs.map((program) => program.close()));
    // Warnings are told in a turn of their own.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
  }
  expect(warnings).toEqual([]);
});
