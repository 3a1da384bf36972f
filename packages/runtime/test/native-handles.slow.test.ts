/** All that libonnxruntime hands out is released, however a program ends. */
import { float32, input, ops, scalar } from '@ganport/onnx';
import { describe, expect, test } from 'vitest';
import type { OrtApi } from '../src/native/api.ts';
import { loadOrt } from '../src/native/library.ts';
import { openNative } from '../src/native/program.ts';
import type { Program, ProgramOptions } from '../src/program.ts';
import { ACCUMULATOR, accumulator, modelOf, ramp, SIDE, slow } from './program/models.ts';
import { useSoftwareGpu } from './software-gpu.ts';

const missing = useSoftwareGpu();
if (missing) console.warn(`skipped on webgpu: ${missing}`);

const ones = (...shape: number[]) =>
  float32(new Float32Array(shape.reduce((product, dim) => product * dim, 1)).fill(1), shape);

function held({ live }: OrtApi): [string, number][] {
  return Object.entries(live).filter(([, count]) => count !== 0);
}

/** The batch may differ; a run with two batches that do not fit fails. */
function batches(): Uint8Array {
  const [a, b] = [input('a', 'float32', ['N', 1]), input('b', 'float32', ['N', 1])];
  const sum = input('sum', 'float32', []);
  const next = ops.Add(sum, scalar(1));
  return modelOf([a, b, sum], { sum_next: next, y: ops.Mul(ops.Add(a, b), next) });
}

/** Matrix products of 256 by 256 that take a few tenths of a second. */
const PRODUCTS = { cpu: 300, webgpu: 3 };

type Model = (device: 'cpu' | 'webgpu') => Uint8Array;

const RUNS: [string, Model, ProgramOptions, (program: Program) => Promise<void>][] = [
  ['nothing', accumulator, ACCUMULATOR, async () => {}],
  [
    'runs, writes and reads',
    accumulator,
    ACCUMULATOR,
    async (program) => {
      for (let i = 0; i < 3; i += 1) {
        await program.write({ sum: ramp(i) });
        await program.run({ x: ramp(1) });
        await program.read(['sum']);
      }
    },
  ],
  [
    'runs with other batches, of which one fails',
    batches,
    { state: { sum: 'sum_next' } },
    async (program) => {
      for (const size of [1, 3, 2]) await program.run({ a: ones(size, 1), b: ones(size, 1) });
      await expect(program.run({ a: ones(2, 1), b: ones(3, 1) })).rejects.toThrow('run failed');
      await program.run({ a: ones(4, 1), b: ones(4, 1) });
    },
  ],
  [
    'a run that is cancelled',
    (device) => slow(PRODUCTS[device]),
    { state: { sum: 'sum_next' } },
    async (program) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error('enough')), 5);
      const run = program.run({ x: ones(SIDE, SIDE) }, { signal: controller.signal });
      await expect(run).rejects.toThrow('enough');
      await program.run({ x: ones(SIDE, SIDE) });
    },
  ],
  [
    'what is refused before it runs',
    accumulator,
    ACCUMULATOR,
    async (program) => {
      await expect(program.run({})).rejects.toThrow('missing');
      await expect(program.write({ x: ramp(1) })).rejects.toThrow('"x"');
      await expect(program.read(['x'])).rejects.toThrow('"x"');
    },
  ],
];

const REFUSED: [string, Uint8Array, ProgramOptions][] = [
  ['an empty model', new Uint8Array(), {}],
  ['a model that is cut off', accumulator().subarray(0, 100), {}],
  ['state that is no input', accumulator(), { state: { nothing: 'sum_next' } }],
  ['state that takes no output', accumulator(), { state: { sum: 'nothing' } }],
  ['state without known sizes', batches(), { state: { a: 'y' } }],
];

describe.each(['cpu', 'webgpu'] as const)('on %s', (device) => {
  const skip = device === 'webgpu' && missing !== undefined;

  test.skipIf(skip).each(RUNS)('after %s', async (_, model, options, use) => {
    const api = loadOrt();
    const program = await openNative(model(device), { ...options, device }, api);
    expect(api.live.Session).toBe(1);
    const before = held(api);
    try {
      await use(program);
      // Nor do they pile up.
      const growing = held(api).filter(([kind]) => kind !== 'Value');
      expect(growing).toEqual(before.filter(([kind]) => kind !== 'Value'));
    } finally {
      await program.close();
    }
    expect(held(api)).toEqual([]);
  });

  test.skipIf(skip).each(REFUSED)('after %s was refused', async (_, model, options) => {
    const api = loadOrt();
    await expect(openNative(model, { ...options, device }, api)).rejects.toThrow();
    expect(held(api)).toEqual([]);
  });

  test.skipIf(skip)('values do not pile up from run to run', async () => {
    const api = loadOrt();
    const program = await openNative(batches(), { state: { sum: 'sum_next' }, device }, api);
    const counts: number[] = [];
    for (const size of [1, 3, 3, 2, 5]) {
      await program.run({ a: ones(size, 1), b: ones(size, 1) });
      counts.push(api.live.Value);
    }
    await program.close();
    expect(counts).toEqual(counts.map(() => counts[0]));
  });
});
