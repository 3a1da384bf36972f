/** What of a recipe changes over the run: the rate, β₂, weights of penalties. */
import { expect, test } from 'vitest';
import { feedsAt } from '../src/index.ts';
import { blankState } from '../src/recipe/blank.ts';
import { rateFactor, type Schedule } from '../src/recipe/schedules.ts';
import { numbers } from './graphs.ts';
import { type RecipeSettings, recipeOf } from './recipes.ts';
import { BATCH, ganOf, strongState } from './small-gan.ts';
import { openForTest } from './steps.ts';

test('a scheduled setting is fed, and at its value a constant one', async () => {
  const settings: RecipeSettings = { batch: BATCH, augment: ['brightness'] };
  const from = { from: 4, to: 1, steps: 2, shape: 'linear' } as const;
  const changing = recipeOf(ganOf(), {
    ...settings,
    penalties: { r1: from },
    augmentProbability: { from: 0, to: 1, steps: 8, shape: 'cosine' },
  });
  const feeds = await feedsAt(changing, 2);
  expect([...feeds['penalties.r1']!]).toEqual([2.5]);
  expect(feeds.augmentProbability![0]).toBeCloseTo((1 - Math.cos(Math.PI / 8)) / 2, 6);
  expect([...(await feedsAt(changing, 9)).augmentProbability!]).toEqual([1]);
  const constant = recipeOf(ganOf(), { ...settings, penalties: { r1: 2.5 } });
  const never = recipeOf(ganOf(), { batch: BATCH, penalties: { r1: 2.5 } });
  const [a, b, c] = [
    await openForTest(changing),
    await openForTest(constant),
    await openForTest(never),
  ];
  const state = strongState(changing);
  const at = (probability: number) =>
    a.metrics(state, { ...feeds, augmentProbability: [probability] });
  expect(await at(1)).toEqual(await b.metrics(state, feeds));
  expect(await at(0)).toEqual(await c.metrics(state, feeds));
});

test('a scheduled β₂ is fed, and updates are those of a constant one of its value', async () => {
  const settings = { batch: BATCH, discriminatorSteps: 2, gradientNorm: 0.1 } as const;
  const adam = { learningRate: 0.01, beta1: 0.5, beta2: 0.945, epsilon: 1e-8 };
  const rising = { from: 0.9, to: 0.99, steps: 4, shape: 'linear' } as const;
  const changing = recipeOf(ganOf(), { ...settings, adam: { ...adam, beta2: rising } });
  const constant = recipeOf(ganOf(), { ...settings, adam });
  const feeds = await feedsAt(changing, 3);
  // Of the third step's two updates, the fifth and the sixth.
  const rates = [5, 6].map((t) => [0.01, 1 / (1 - 0.5 ** t), 1 / (1 - 0.945 ** t), 1 - 0.945]);
  expect([...feeds['discriminator.rates']!]).toEqual(rates.flat().map((x) => expect.closeTo(x, 6)));
  const [a, b] = [await openForTest(changing), await openForTest(constant)];
  const weights = strongState(changing);
  const moments = Object.entries(weights).map(([name, data], salt) => {
    const square = numbers(data.length, salt + 40).map((x) => x * x);
    return [name, name.startsWith('adam_v') ? Float32Array.from(square) : data] as const;
  });
  const state = Object.fromEntries(moments);
  const got = await a.run(state, feeds);
  const expected = await b.run(state, await feedsAt(constant, 3));
  for (const [name, values] of Object.entries(expected.state)) {
    values.forEach((value, i) => {
      expect(got.state[name]![i], `${name}[${i}]`).toBeCloseTo(value, 6);
    });
  }
});

test.each<[Schedule, Record<number, number>]>([
  [{ type: 'constant' }, { 1: 1, 1000: 1 }],
  [
    { type: 'linear', steps: 10, end: 0.5 },
    { 1: 1, 2: 0.95, 6: 0.75, 11: 0.5, 500: 0.5 },
  ],
  [
    { type: 'linear', steps: 4, end: 0 },
    { 1: 1, 2: 0.75, 5: 0, 6: 0 },
  ],
  [
    { type: 'cosine', steps: 8, end: 0.2 },
    { 1: 1, 3: 0.8828427, 5: 0.6, 9: 0.2, 10: 0.2 },
  ],
])('the learning rate with %o', async (schedule, factors) => {
  const adam = { learningRate: 0.25, beta1: 0.5, beta2: 0.75, epsilon: 1e-8 };
  const recipe = recipeOf(ganOf(), { batch: 1, schedule, adam });
  for (const [step, factor] of Object.entries(factors)) {
    expect(rateFactor(schedule, Number(step)), `step ${step}`).toBeCloseTo(factor, 7);
    const feeds = await feedsAt(recipe, Number(step));
    for (const name of ['generator.rates', 'discriminator.rates']) {
      expect(feeds[name]![0], `${name} of step ${step}`).toBeCloseTo(0.25 * factor, 7);
    }
  }
});

test('a schedule that has ended at 0 moves nothing, weights without a slope included', async () => {
  const recipe = recipeOf(ganOf(), { batch: 2, schedule: { type: 'linear', steps: 3, end: 0 } });
  const step = await openForTest(recipe);
  // The critic of zeros gives most weights no slope, the last bias one.
  const { state } = await step.run(blankState(recipe), await feedsAt(recipe, 4));
  for (const [name, data] of Object.entries(state)) {
    const moved = Math.max(...data.map(Math.abs));
    if (!name.startsWith('adam_')) expect(moved, name).toBeLessThan(1e-25);
  }
});
