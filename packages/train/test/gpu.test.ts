/**
 * The onnxruntime engine on GPUs, against itself on the CPU. WebGPU runs on Chromium's software
 * renderer, so the networks are tiny; CUDA where it is installed.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { latentBatch, resolveNetwork } from '@ganport/model';
import {
  type Device,
  executionProviders,
  misplaced,
  probeDevice,
  takePlacement,
} from '@ganport/runtime/node';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { initialState, type State, type StepInput } from '../src/index.ts';
import { createOnnxRuntimeEngine } from '../src/onnxruntime/engine.ts';

/** SwiftShader, as Debian's package of Chromium installs it. */
const DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (!existsSync(DRIVER) && process.env.CI)
  throw new Error(`${DRIVER} does not exist, and CI is set`);
// Read by the Vulkan loader when the first session is created.
process.env.VK_ICD_FILENAMES = DRIVER;
process.env.XDG_RUNTIME_DIR ??= tmpdir();

const cuda = await probeDevice(ort, 'cuda');
const MISSING = {
  webgpu: existsSync(DRIVER) ? undefined : `${DRIVER} does not exist: install Chromium`,
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
const options = {
  batch: BATCH,
  loss: 'bce',
  // An epsilon above a gradient's rounding: Adam's first steps are else the gradient's sign.
  adam: { learningRate: 1e-2, beta1: 0.5, beta2: 0.9, epsilon: 1e-3 },
  ema: 0.9,
  threads: 1,
} as const;

const inputs: StepInput[] = Array.from({ length: STEPS }, (_, i) => ({
  step: i + 1,
  images: Uint8Array.from({ length: BATCH * 16 }, (_, k) => (k * 67 + i * 31) % 256),
  zDiscriminator: latentBatch(1, i * BATCH, BATCH, LATENT),
  zGenerator: latentBatch(2, i * BATCH, BATCH, LATENT),
}));

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

/** An engine, and what it left to another device. */
async function createOn(
  device: Device,
  settings: { providers?: readonly unknown[]; stepsPerRun?: number } = {},
) {
  const { providers = executionProviders(device), stepsPerRun = 1 } = settings;
  const folder = mkdtempSync(join(tmpdir(), 'ganport-test-'));
  try {
    const profilePrefix = join(folder, 'step');
    const engine = await createOnnxRuntimeEngine(gan, initialState(gan, 3, options.ema), {
      ...options,
      ort,
      description: device,
      providers: providers as ReturnType<typeof executionProviders>,
      stepsPerRun,
      profilePrefix,
    });
    return { engine, elsewhere: misplaced(await takePlacement(profilePrefix), device) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function train(device: Device) {
  // Five steps in one graph, and again, then two by themselves.
  const { engine, elsewhere } = await createOn(device, { stepsPerRun: 5 });
  try {
    const [most, rest] = [inputs.slice(0, 10), inputs.slice(10)];
    const metrics = [...(await engine.run(most)), ...(await engine.run(rest))];
    const images = await engine.sample(latentBatch(9, 0, 2, LATENT), 2);
    return { metrics, images, state: structuredClone(await engine.state()), elsewhere };
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
      expect(gpu.elsewhere).toBe('');
      const start = initialState(gan, 3, options.ema);
      const furthest = (from: State, to: State) =>
        Math.max(...Object.entries(from).map(([name, data]) => largestDifference(data, to[name]!)));
      expect(furthest(start, cpu.state)).toBeGreaterThan(0.05);
      // Float32 in another order of summation; a step moves a weight by up to 0.01.
      expect(furthest(cpu.state, gpu.state)).toBeLessThan(1e-5);
      expect(largestDifference(cpu.images, gpu.images)).toBeLessThan(1e-5);
      expect(gpu.metrics).toHaveLength(STEPS);
      cpu.metrics.forEach((expected, i) => {
        for (const key of ['dLoss', 'gLoss', 'dReal', 'dFake'] as const) {
          expect(gpu.metrics[i]![key], `${key} of step ${i + 1}`).toBeCloseTo(expected[key], 5);
        }
      });
    },
  );
});

test.skipIf(MISSING.webgpu)('operators that are left to the CPU are told apart', async () => {
  const providers = [{ name: 'webgpu', forceCpuNodeNames: ['Tanh_1'] }];
  const { engine, elsewhere } = await createOn('webgpu', { providers });
  await engine.close();
  expect(elsewhere).toBe('1 × Tanh');
});
