/** ganport's own training, as the benchmarks run it. */
import { countParameters } from '@ganport/model';
import type { EngineName } from '@ganport/model/node';
import {
  buildRecipe,
  createEngine,
  feedsAt,
  initialState,
  resolveConfig,
  resolveGan,
  type TensorFlowBackend,
} from '@ganport/train';
import type { Contender, ContenderOptions } from './contender.ts';

const IMAGE = { name: 'the benchmark', channels: 1, height: 28, width: 28 } as const;

/** Steps of a published network by one of ganport's engines, as training takes them. */
export async function createTraining(
  { preset, batch, threads, device }: ContenderOptions,
  engineName: EngineName,
  backend?: TensorFlowBackend,
): Promise<Contender> {
  const config = resolveConfig([['the benchmark', { preset, batch }]]);
  const gan = resolveGan(config, IMAGE);
  const bytes = Uint8Array.from({ length: batch * 784 }, (_, i) => (i * 7919) % 256);
  const images = { count: batch, read: () => bytes };
  const recipe = buildRecipe(gan, config, images);
  const engine = await createEngine(recipe, initialState(recipe, config.seed), {
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
