import { PRESETS, resolveNetwork } from '@ganport/model';
import { expect, test } from 'vitest';
import { createEngine, feedsAt, initialState } from '../src/index.ts';
import { recipeOf } from './recipes.ts';

const BATCH = 4;
/** What a process may gain in 500 steps: one step's state alone would be 3 GB in all. */
const LIMIT_MB = 40;

test('memory does not grow over 500 steps (slow)', { timeout: 120_000 }, async () => {
  const gan = {
    generator: resolveNetwork(
      PRESETS.mlp({ channels: 1, height: 28, width: 28 }).generator,
      'generator',
    ),
    discriminator: resolveNetwork(
      PRESETS.mlp({ channels: 1, height: 28, width: 28 }).discriminator,
      'discriminator',
    ),
  };
  const recipe = recipeOf(gan, { batch: BATCH });
  const engine = await createEngine(recipe, initialState(recipe, 0), {
    engine: 'onnxruntime',
    device: 'cpu',
    threads: 1,
  });
  const stepTo = async (first: number, last: number) => {
    for (let step = first; step <= last; step++) await engine.step(await feedsAt(recipe, step));
    return process.memoryUsage.rss() / 1e6;
  };
  try {
    const before = await stepTo(1, 200);
    const after = await stepTo(201, 700);
    console.log(
      `resident memory: ${before.toFixed(0)} MB after 200 steps, ${after.toFixed(0)} MB after 700`,
    );
    expect(after - before).toBeLessThan(LIMIT_MB);
  } finally {
    await engine.close();
  }
});
