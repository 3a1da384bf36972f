/** ganport's own training in a page: the presets' step on onnxruntime-web. */
import { countParameters } from '@ganport/model';
import {
  buildRecipe,
  createWebEngine,
  feedsAt,
  initialState,
  resolveConfig,
  resolveGan,
} from '@ganport/train/web';
import type { Preset } from '../src/presets.ts';
import type { GanSteps } from './gan-steps.ts';

const IMAGE = { name: 'the benchmark', channels: 1, height: 28, width: 28 } as const;

export async function ganportGan(preset: Preset, batch: number): Promise<GanSteps> {
  const ort = await import('onnxruntime-web/wasm');
  ort.env.wasm.numThreads = crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  const config = resolveConfig([['the benchmark', { preset, batch }]]);
  const gan = resolveGan(config, IMAGE);
  const bytes = Uint8Array.from({ length: batch * 784 }, (_, i) => (i * 7919) % 256);
  const recipe = buildRecipe(gan, config, { count: batch, read: () => bytes });
  const engine = await createWebEngine(ort, recipe, initialState(recipe, config.seed), {
    device: 'wasm',
  });
  let count = 0;
  const parameters = countParameters(gan.generator) + countParameters(gan.discriminator);
  return {
    description: `ganport, ${engine.description}, ${parameters} weights`,
    async step() {
      count += 1;
      const { dLoss, gLoss } = await engine.step(await feedsAt(recipe, count));
      return { dLoss: dLoss!, gLoss: gLoss! };
    },
  };
}
