/** ganport's own training. The process's arguments: the engine, and which backend of tensorflow's. */
import { latentBatch, PRESETS, resolveNetwork, STREAM } from '@ganport/model';
import type { EngineName } from '@ganport/model/node';
import { createEngine, initialState, type TensorFlowBackend } from '@ganport/train';
import type { Contender, ContenderOptions } from './contender.ts';
import { LATENT, LEARNING_RATE } from './presets.ts';
import { serveContender } from './serve-contender.ts';

const SEED = 0;

const [, , engineName, backend] = process.argv;
await serveContender(create);

async function create({ preset, batch, threads, device }: ContenderOptions): Promise<Contender> {
  const gan = {
    generator: resolveNetwork(PRESETS[preset].generator, 'generator'),
    discriminator: resolveNetwork(PRESETS[preset].discriminator, 'discriminator'),
  };
  const engine = await createEngine(gan, initialState(gan, SEED, 0), {
    engine: engineName as EngineName,
    ...(backend && { backends: [backend as TensorFlowBackend] }),
    device,
    batch,
    threads,
    loss: 'bce',
    adam: { learningRate: LEARNING_RATE, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    ema: 0,
  });
  const images = Uint8Array.from({ length: batch * 784 }, (_, i) => (i * 7919) % 256);
  /** What a step is given in training, where each of its two updates has latents of its own. */
  const inputOf = (step: number) => {
    const z = latentBatch(SEED, (step - 1) * 2 * batch, 2 * batch, LATENT, STREAM.training);
    const half = batch * LATENT;
    return { step, images, zDiscriminator: z.subarray(0, half), zGenerator: z.subarray(half) };
  };
  const { description, stepsPerRun } = engine;
  const trained = [gan.generator, gan.discriminator].flatMap(({ parameters }) =>
    parameters.filter((parameter) => parameter.trained),
  );
  let done = 0;
  return {
    description,
    stepsPerRun,
    parameters: trained.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    async run(steps) {
      for (const end = done + steps; done < end; done += stepsPerRun) {
        const first = done + 1;
        await engine.run(Array.from({ length: stepsPerRun }, (_, i) => inputOf(first + i)));
      }
    },
    dispose: () => engine.close(),
  };
}
