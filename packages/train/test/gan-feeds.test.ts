/** What the adversarial recipe is fed. */
import { describe, expect, test } from 'vitest';
import { feedsAt } from '../src/index.ts';
import { expectApart, filled } from './apart.ts';
import { recipeOf } from './recipes.ts';
import { BATCH, CRITIC, ganOf, type Layers, strongState } from './small-gan.ts';
import { openForTest } from './steps.ts';

describe('what a step is fed', () => {
  const layers: Layers = [
    ...CRITIC.slice(0, 3),
    { type: 'dropout', rate: 0.4 },
    ...CRITIC.slice(3),
  ];
  const make = (seed?: number) =>
    recipeOf(ganOf(layers), {
      batch: BATCH,
      ...(seed === undefined ? {} : { seed }),
      loss: 'relativistic',
      penalties: { gradient: 1, r1: 1, r2: 1 },
      augment: ['brightness'],
      discriminatorSteps: 2,
    });

  test('is a function of the seed and the step, in any order', async () => {
    const [forwards, backwards] = [make(), make()];
    const steps = [1, 2, 300, 301];
    const first = [];
    for (const step of steps) first.push(await feedsAt(forwards, step));
    for (const step of steps.toReversed()) {
      expect(await feedsAt(backwards, step)).toEqual(first[steps.indexOf(step)]);
    }
    const seeded = await feedsAt(make(2), 1);
    for (const [name, numbers] of Object.entries(first[0]!)) {
      if (name.endsWith('.rates')) continue;
      expectApart([numbers, seeded[name]!]);
      expectApart(first.map((feeds) => feeds[name]!));
    }
  });

  test('dropout has other noise in each pass and step, and every pass uses it', async () => {
    const recipe = make();
    const masks = recipe.feeds.map(({ name }) => name).filter((name) => name.endsWith('.mask'));
    // Real, generated and between, twice; then the generator's, and real ones to pair them with.
    expect(masks).toHaveLength(8);
    const feeds = await feedsAt(recipe, 1);
    const later = await feedsAt(recipe, 2);
    expectApart([feeds, later].flatMap((given) => masks.map((name) => given[name]!)));
    const step = await openForTest(recipe);
    const state = strongState(recipe);
    const { metrics } = await step.run(state, feeds);
    for (const name of masks) {
      const nothing = filled(feeds[name]!, 0);
      expect(await step.metrics(state, { ...feeds, [name]: nothing }), name).not.toEqual(metrics);
    }
  });
});
