/** Several steps in one graph are the same steps, bit for bit: how they are cut changes no result. */
import { latentBatch, resolveNetwork } from '@ganport/model';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { initialState, type StepInput } from '../src/index.ts';
import { createOnnxRuntimeEngine } from '../src/onnxruntime/engine.ts';

const [BATCH, LATENT, STEPS, EMA] = [4, 3, 6, 0.9];

/** Batch statistics in both networks: each step's are folded into the running ones. */
const gan = {
  generator: resolveNetwork(
    {
      inputs: { z: [LATENT] },
      layers: [
        { type: 'dense', units: 16 },
        { type: 'batchNorm' },
        { type: 'tanh' },
        { type: 'reshape', shape: [1, 4, 4] },
      ],
    },
    'generator',
  ),
  discriminator: resolveNetwork(
    {
      inputs: { image: [1, 4, 4] },
      layers: [
        { type: 'conv2d', filters: 3, kernel: 3, pad: 1 },
        { type: 'batchNorm' },
        { type: 'leakyRelu', slope: 0.2 },
        { type: 'flatten' },
        { type: 'dense', units: 1 },
      ],
    },
    'discriminator',
  ),
};

const inputs: StepInput[] = Array.from({ length: STEPS }, (_, i) => ({
  step: i + 1,
  images: Uint8Array.from({ length: BATCH * 16 }, (_, k) => (k * 67 + i * 31) % 256),
  zDiscriminator: latentBatch(1, i * BATCH, BATCH, LATENT),
  zGenerator: latentBatch(2, i * BATCH, BATCH, LATENT),
}));

async function trained(stepsPerRun: number) {
  const engine = await createOnnxRuntimeEngine(gan, initialState(gan, 3, EMA), {
    ort,
    description: 'the CPU',
    providers: ['cpu'],
    threads: 1,
    batch: BATCH,
    loss: 'bce',
    adam: { learningRate: 1e-2, beta1: 0.5, beta2: 0.9, epsilon: 1e-8 },
    ema: EMA,
    stepsPerRun,
  });
  try {
    const metrics = await engine.run(inputs);
    return { metrics, state: structuredClone(await engine.state()) };
  } finally {
    await engine.close();
  }
}

test('a run of three steps gives what three runs give', async () => {
  const [single, threes] = [await trained(1), await trained(3)];
  expect(threes).toEqual(single);
  // Not because nothing was trained.
  const start = initialState(gan, 3, EMA);
  const moved = Object.entries(start).filter(([name, data]) => {
    return data.some((value, i) => value !== single.state[name]![i]);
  });
  expect(moved).toHaveLength(Object.keys(start).length);
});
