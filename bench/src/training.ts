/** ganport's own training, as the benchmarks run it. */
import { countParameters, PRESETS } from '@ganport/model';
import type { EngineName } from '@ganport/model/node';
import {
  createEngine,
  feedsAt,
  ganRecipe,
  initialState,
  resolveGan,
  type TensorFlowBackend,
} from '@ganport/train';
import type { Contender, ContenderOptions } from './contender.ts';
import { LEARNING_RATE } from './presets.ts';

const SEED = 0;

const IMAGE = { name: 'the benchmark', channels: 1, height: 28, width: 28 } as const;
const SETTINGS = {
  loss: 'bce',
  penalties: {},
  augment: [],
  discriminatorSteps: 1,
  schedule: { type: 'constant' },
  adam: { learningRate: LEARNING_RATE, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  ema: 0,
} as const;

/** Steps of a published network by one of ganport's engines, as training takes them. */
export async function createTraining(
  { preset, batch, threads, device }: ContenderOptions,
  engineName: EngineName,
  backend?: TensorFlowBackend,
): Promise<Contender> {
  const gan = resolveGan({ ...PRESETS[preset], batch }, IMAGE);
  const bytes = Uint8Array.from({ length: batch * 784 }, (_, i) => (i * 7919) % 256);
  const images = { count: batch, read: () => bytes };
  const recipe = ganRecipe(gan, { ...SETTINGS, augment: [] }, { batch, seed: SEED, images });
  const engine = await createEngine(recipe, initialState(recipe, SEED), {
    engine: engineName,
    ...(backend && { backends: [backend] }),
    device,
    threads,
  });
  let done = 0;
  let feeds = feedsAt(recipe, 1);
  return {
    description: engine.description,
    parameters: countParameters(gan.generator) + countParameters(gan.discriminator),
    async run(steps) {
      for (const end = done + steps; done < end; done += 1) {
        // As training does it: the next step's are made while this one runs.
        const stepping = engine.step(await feeds);
        feeds = feedsAt(recipe, done + 2);
        await stepping;
      }
    },
    dispose: () => engine.close(),
  };
}
