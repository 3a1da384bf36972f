/** An InfoGAN: codes that nobody told the meaning of, from data without labels to a picture that was asked for. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportGenerator } from '../packages/export/src/index.ts';
import { openProgram } from '../packages/runtime/src/node.ts';
import { openSampler, type Sampler } from '../packages/sample/src/index.ts';
import { memoryDataset, resolveConfig, train } from '../packages/train/src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'ganport-codes-'));
let sampler: Sampler;

/** Images of 2 × 2 pixels, dark, grey or bright, and nothing that says so. */
const LEVELS = [20, 128, 235];
const dataset = memoryDataset({
  ...{ name: 'shades', height: 2, width: 2, channels: 1 },
  images: Uint8Array.from({ length: 96 * 4 }, (_, i) => LEVELS[(i >> 2) % 3]! + ((i * 7) % 11) - 5),
});

const settings = {
  ...{ preset: 'mlp', name: 'infogan', batch: 24, ema: 0.9, steps: 400 },
  adam: { learningRate: 0.005, beta1: 0.5, beta2: 0.99 },
  every: { metrics: 50, checkpoint: 400 },
  generator: {
    inputs: { z: [6] },
    codes: { shade: { categories: 3 }, tilt: 'normal' },
    layers: [
      { type: 'dense', units: 16 },
      { type: 'relu' },
      { type: 'dense', units: 4 },
      { type: 'tanh' },
      { type: 'reshape', shape: [1, 2, 2] },
    ],
  },
  discriminator: {
    inputs: { image: [1, 2, 2] },
    layers: [
      { type: 'flatten' },
      { type: 'dense', units: 16 },
      { type: 'leakyRelu', slope: 0.2, name: 'seen' },
      { type: 'dense', units: 3, name: 'shade', from: 'seen' },
      { type: 'dense', units: 1, name: 'tilt', from: 'seen' },
      { type: 'dense', units: 1, name: 'real', from: 'seen' },
    ],
    output: 'real',
    outputs: { shade: 'shade', tilt: 'tilt' },
  },
};

beforeAll(async () => {
  await train({
    config: resolveConfig([['the test', settings]]),
    dataset,
    ...{ engine: 'onnxruntime', device: 'cpu', threads: 1, tf32: false, versions: {} },
    ...{ folder, resume: false },
  });
  const { model } = await exportGenerator(folder, { version: 'test' });
  sampler = await openSampler({
    model,
    open: (bytes) => openProgram(bytes, { device: 'cpu', threads: 1 }),
  });
});
afterAll(async () => {
  await sampler.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The nearest of LEVELS to each picture's mean. */
function shades({ data }: { data: Uint8Array }): number[] {
  return Array.from({ length: data.length / 4 }, (_, i) => {
    const level = data.subarray(4 * i, 4 * i + 4).reduce((sum, x) => sum + x, 0) / 4;
    return LEVELS.findIndex((each) => Math.abs(each - level) < 40);
  });
}

test('the file says its codes, and is of the first format', () => {
  expect(sampler.metadata).toMatchObject({
    format: 1,
    latent: { size: 6 },
    codes: { shade: { categories: 3 }, tilt: 'normal' },
  });
});

test('each category is a shade of its own', async () => {
  const drawn = await Promise.all(
    [0, 1, 2].map((shade) => sampler.sample({ seed: 3, count: 50, codes: { shade } })),
  );
  const most = drawn.map((pictures) => {
    const seen = shades(pictures);
    const counts = LEVELS.map((_, level) => seen.filter((each) => each === level).length);
    expect(Math.max(...counts)).toBeGreaterThan(45);
    return counts.indexOf(Math.max(...counts));
  });
  expect(most.toSorted()).toEqual([0, 1, 2]);
  // Left to chance, all are there.
  expect(new Set(shades(await sampler.sample({ seed: 3, count: 50 }))).size).toBe(3);
});

test('a walk keeps to the category', async () => {
  const walk = { seed: 3, start: 0, stops: 3, steps: 4, closed: true };
  const [shade] = shades(await sampler.sample({ seed: 3, codes: { shade: 1 } }));
  const all = shades(await sampler.walk({ ...walk, codes: { shade: 1 } }));
  expect(all.filter((each) => each === shade)).toHaveLength(12);
});

test.each([
  [{ shade: 3 }, 'code "shade": expected an integer from 0 to 2, got 3'],
  [{ tilt: -7 }, 'code "tilt": expected a number from −6 to 6, got -7'],
  [{ digit: 1 }, 'there is no code "digit": expected shade, tilt'],
])('%j is refused', async (codes, message) => {
  await expect(sampler.sample({ seed: 1, codes: codes as Record<string, number> })).rejects.toThrow(
    message,
  );
});
