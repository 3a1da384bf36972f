import { latentBatch, PRESETS, resolveNetwork } from '@ganport/model';
import { expect, test } from 'vitest';
import { createEngine, initialState } from '../src/index.ts';

const BATCH = 16;
/** What a process may gain in 2,000 steps: one step's state alone would be 13 GB in all. */
const LIMIT_MB = 40;

test('memory does not grow over 2,000 steps (slow)', { timeout: 120_000 }, async () => {
  const gan = {
    generator: resolveNetwork(PRESETS.mlp.generator, 'generator'),
    discriminator: resolveNetwork(PRESETS.mlp.discriminator, 'discriminator'),
  };
  const engine = await createEngine(gan, initialState(gan, 0, 0), {
    engine: 'onnxruntime',
    device: 'cpu',
    batch: BATCH,
    threads: 2,
    loss: 'bce',
    adam: { learningRate: 3e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    ema: 0,
  });
  const images = Uint8Array.from({ length: BATCH * 784 }, (_, i) => i % 256);
  const stepTo = async (first: number, last: number) => {
    for (let step = first; step <= last; step++) {
      const z = latentBatch(0, step * 2 * BATCH, 2 * BATCH, 100);
      const half = BATCH * 100;
      const [zDiscriminator, zGenerator] = [z.subarray(0, half), z.subarray(half)];
      await engine.run([{ step, images, zDiscriminator, zGenerator }]);
    }
    return process.memoryUsage.rss() / 1e6;
  };
  try {
    const before = await stepTo(1, 200);
    const after = await stepTo(201, 2200);
    console.log(
      `resident memory: ${before.toFixed(0)} MB after 200 steps, ${after.toFixed(0)} MB after 2,200`,
    );
    expect(after - before).toBeLessThan(LIMIT_MB);
  } finally {
    await engine.close();
  }
});
