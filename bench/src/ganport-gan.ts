/** ganport's own training step, on onnxruntime. */
import { latentBatch, PRESETS, resolveNetwork } from '@ganport/model';
import { createEngine, initialState } from '@ganport/train';
import type { Contender, ContenderOptions } from './contender.ts';
import { LATENT, LEARNING_RATE } from './presets.ts';

const SEED = 0;

export async function createOnnxRuntime(options: ContenderOptions): Promise<Contender> {
  const { preset, batch, threads } = options;
  const gan = {
    generator: resolveNetwork(PRESETS[preset].generator, 'generator'),
    discriminator: resolveNetwork(PRESETS[preset].discriminator, 'discriminator'),
  };
  const engine = await createEngine(gan, initialState(gan, SEED, 0), {
    engine: 'onnxruntime',
    device: 'cpu',
    batch,
    threads,
    loss: 'bce',
    adam: { learningRate: LEARNING_RATE, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    ema: 0,
  });
  const images = Uint8Array.from({ length: batch * 784 }, (_, i) => (i * 7919) % 256);
  let step = 0;
  return {
    description: engine.description,
    async step() {
      // Each of the two updates has latents of its own.
      const start = 2 * batch * step;
      step += 1;
      const zDiscriminator = latentBatch(SEED, start, batch, LATENT);
      const zGenerator = latentBatch(SEED, start + batch, batch, LATENT);
      await engine.run([{ step, images, zDiscriminator, zGenerator }]);
    },
    dispose: () => engine.close(),
  };
}
