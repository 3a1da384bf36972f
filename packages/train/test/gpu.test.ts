/**
 * The onnxruntime engine on GPUs, against itself on the CPU. WebGPU runs on Chromium's software
 * renderer, so the networks are tiny; CUDA where it is installed.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { latentBatch, resolveNetwork } from '@ganport/model';
import { misplaced, probeDevice, takePlacement } from '@ganport/onnx/node';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { createEngine } from '../src/engines.ts';
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
        { type: 'concat', from: ['a', 'b'] },
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

describe.each(['webgpu', 'cuda'] as const)('on %s', (device) => {
  test.skipIf(MISSING[device])(
    'twelve steps are those of the CPU, every node on the GPU (slow)',
    {
      timeout: 120_000,
    },
    async () => {
      const notices: string[] = [];
      const train = async (on: 'cpu' | typeof device) => {
        const start = initialState(gan, 3, options.ema);
        const onNotice = (line: string) => notices.push(line);
        const engine = await createEngine(gan, start, {
          ...options,
          engine: 'onnxruntime',
          device: on,
          onNotice,
        });
        try {
          // Ten in one graph on the GPU, then two by themselves.
          const metrics = [
            ...(await engine.run(inputs.slice(0, 10))),
            ...(await engine.run(inputs.slice(10))),
          ];
          const images = await engine.sample(latentBatch(9, 0, 2, LATENT), 2);
          return { metrics, images, state: structuredClone(await engine.state()) };
        } finally {
          await engine.close();
        }
      };
      const [cpu, gpu] = [await train('cpu'), await train(device)];
      expect(notices).toEqual([]);
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
  const folder = mkdtempSync(join(tmpdir(), 'ganport-test-'));
  try {
    const profilePrefix = join(folder, 'step');
    const engine = await createOnnxRuntimeEngine(gan, initialState(gan, 3, 0), {
      ...options,
      ema: 0,
      ort,
      description: 'WebGPU',
      providers: [{ name: 'webgpu', forceCpuNodeNames: ['Tanh_1'] } as never],
      batchNorm: 'composed',
      profilePrefix,
    });
    await engine.close();
    const placement = await takePlacement(profilePrefix);
    expect(misplaced(placement, 'webgpu')).toBe('1 × Tanh');
    expect(misplaced(placement, 'cpu')).toContain('× Gemm');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
