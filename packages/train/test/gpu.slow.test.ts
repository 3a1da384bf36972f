/**
 * The onnxruntime engine on GPUs, against itself on the CPU. WebGPU runs on Chromium's software
 * renderer, so the networks are tiny; CUDA where it is installed.
 */
import { latentBatch, resolveNetwork } from '@ganport/model';
import { type Device, probeDevice } from '@ganport/runtime/node';
import { describe, expect, test } from 'vitest';
import { useSoftwareGpu } from '../../runtime/test/software-gpu.ts';
import { createEngine, feedsAt, initialState, type Metrics, type State } from '../src/index.ts';
import { recipeOf } from './recipes.ts';

const noWebgpu = useSoftwareGpu();
const cuda = await probeDevice('cuda');
const MISSING = {
  webgpu: noWebgpu,
  cuda: cuda.works ? undefined : cuda.why,
};
for (const [device, why] of Object.entries(MISSING)) {
  if (why) console.warn(`skipped on ${device}: ${why}`);
}

const BATCH = 3;
const LATENT = 5;
const STEPS = 12;

/** Every kind of layer. */
const gan = {
  generator: resolveNetwork(
    {
      inputs: { z: [LATENT] },
      layers: [
        { type: 'dense', units: 12 },
        { type: 'reshape', shape: [3, 2, 2] },
        { type: 'batchNorm' },
        { type: 'relu', name: 'small' },
        { type: 'upsample2d', name: 'up' },
        { type: 'convTranspose2d', from: 'small', filters: 3, kernel: 4, stride: 2, pad: 1 },
        { type: 'add', from: ['up', '5'] },
        { type: 'conv2d', filters: 1, kernel: 3, pad: 1 },
        { type: 'tanh' },
      ],
    },
    'generator',
  ),
  discriminator: resolveNetwork(
    {
      inputs: { image: [1, 4, 4] },
      layers: [
        { type: 'conv2d', filters: 2, kernel: 3, pad: 1, name: 'a' },
        { type: 'leakyRelu', slope: 0.2, name: 'b' },
        { type: 'conv2d', from: 'image', filters: 9, kernel: [1, 3], pad: [0, 1], name: 'narrow' },
        { type: 'batchNorm', name: 'normal' },
        { type: 'concat', from: ['a', 'b', 'normal'] },
        { type: 'batchNorm' },
        { type: 'avgPool2d', kernel: 2 },
        { type: 'flatten' },
        { type: 'sigmoid' },
        { type: 'dense', units: 1 },
      ],
    },
    'discriminator',
  ),
};
const recipe = recipeOf(gan, {
  batch: BATCH,
  // An epsilon above a gradient's rounding: Adam's first steps are else the gradient's sign.
  adam: { learningRate: 1e-2, beta1: 0.5, beta2: 0.9, epsilon: 1e-3 },
  ema: 0.9,
});
const start = initialState(recipe, 3);

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

async function train(device: Device) {
  const notices: string[] = [];
  const onNotice = (line: string) => notices.push(line);
  const settings = { engine: 'onnxruntime', device, threads: 1, onNotice } as const;
  const engine = await createEngine(recipe, start, settings);
  try {
    const metrics: Metrics[] = [];
    for (let step = 1; step <= STEPS; step++) {
      metrics.push(await engine.step(await feedsAt(recipe, step)));
    }
    const images = await engine.sample(latentBatch(9, 0, 2, LATENT), 2);
    return { metrics, images, state: await engine.state(), notices };
  } finally {
    await engine.close();
  }
}

describe.each(['webgpu', 'cuda'] as const)('on %s', (device) => {
  test.skipIf(MISSING[device])(
    'twelve steps are those of the CPU, every node on the GPU (slow)',
    {
      timeout: 120_000,
    },
    async () => {
      const [cpu, gpu] = [await train('cpu'), await train(device)];
      expect(gpu.notices).toEqual([]);
      const furthest = (from: State, to: State) =>
        Math.max(...Object.entries(from).map(([name, data]) => largestDifference(data, to[name]!)));
      expect(furthest(start, cpu.state)).toBeGreaterThan(0.05);
      // Float32 in another order of summation; a step moves a weight by up to 0.01.
      expect(furthest(cpu.state, gpu.state)).toBeLessThan(1e-5);
      expect(largestDifference(cpu.images, gpu.images)).toBeLessThan(1e-5);
      expect(gpu.metrics).toHaveLength(STEPS);
      cpu.metrics.forEach((expected, i) => {
        for (const [key, value] of Object.entries(expected)) {
          expect(gpu.metrics[i]![key], `${key} of step ${i + 1}`).toBeCloseTo(value, 5);
        }
      });
    },
  );
});
