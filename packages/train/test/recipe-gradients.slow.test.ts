/** A step's gradients, through its penalties and augmentations, against finite differences. */
import { describe, expect, test } from 'vitest';
import { feedsAt, type GanSettings, LOSSES, type LossName, type Recipe } from '../src/index.ts';
import { AUGMENTATIONS, type AugmentationName } from '../src/recipe/augmentations.ts';
import { PENALTIES, type PenaltyName } from '../src/recipe/penalties.ts';
import { recipeOf } from './recipes.ts';
import { BATCH, CRITIC, ganOf, type Layers, strongState } from './small-gan.ts';
import { openStep } from './steps.ts';

const ALL = { gradient: 1, r1: 1, r2: 1 };

/**
 * Losses are float32, so the difference of two is right within about 1e-7 of them over this distance:
 * 3e-5. The greatest difference seen is 4e-4 of the greatest slope. Where a weight's move takes a ReLU past its corner a
 * penalty jumps, which shows as a difference near 1: these weights are of a seed where none does.
 */
const DISTANCE = 2 ** -8;
const TOLERANCE = 1e-3;
const SEED = 1.5;
/** So slow that the generator meets the discriminator as it was. */
const SLOW = {
  batch: BATCH,
  adam: { learningRate: 1e-30, beta1: 0.5, beta2: 0.99, epsilon: 1e-8 },
} as const;

describe('the gradients of a step are central differences of its losses', () => {
  type Row = [string, Partial<GanSettings>];
  const rows: Row[] = [
    ...(Object.keys(LOSSES) as LossName[]).map(
      (loss): Row => [loss, { loss, penalties: LOSSES[loss].penalties }],
    ),
    ...(Object.keys(PENALTIES) as PenaltyName[]).map(
      (name): Row => [`bce and ${name}`, { penalties: { [name]: 2 } }],
    ),
    ['bce and every penalty', { penalties: ALL }],
  ];

  test.each(rows)('%s', async (_, settings) => {
    await expectSlopes(recipeOf(ganOf(), { ...SLOW, ...settings }));
  });
});

describe('so they are of images that each augmentation changes', () => {
  /** Without corners, which so many weights would come to. */
  const smooth = CRITIC.map((layer) => (layer.type === 'leakyRelu' ? { type: 'tanh' } : layer));
  // Smaller ones are not moved, and grey ones not made greyer.
  const gan = ganOf(smooth as Layers, [3, 4, 4]);
  const settings = { ...SLOW, penalties: ALL };

  test.each(Object.keys(AUGMENTATIONS) as AugmentationName[])('%s', async (name) => {
    const recipe = recipeOf(gan, { ...settings, augment: [name] });
    const step = await openStep(recipeOf(gan, settings));
    try {
      const plain = await step.metrics(strongState(recipe, SEED), await feedsAt(recipe, 1));
      const metrics = await expectSlopes(recipe);
      for (const [what, value] of Object.entries(metrics)) {
        expect(Math.abs(value - plain[what]!), what).toBeGreaterThan(1e-4);
      }
    } finally {
      await step.close();
    }
  });
});

/** Those of the first step of a recipe that is SLOW. Gives its metrics. */
async function expectSlopes(recipe: Recipe): Promise<Record<string, number>> {
  const state = strongState(recipe, SEED);
  const feeds = await feedsAt(recipe, 1);
  const objectives = {
    discriminator: ({ dLoss, penalty = 0 }: Record<string, number>) => dLoss! + penalty,
    generator: ({ gLoss }: Record<string, number>) => gLoss!,
  };
  const step = await openStep(recipe);
  try {
    const { state: next, metrics } = await step.run(state, feeds);
    for (const [player, objective] of Object.entries(objectives)) {
      const at = async () => objective(await step.metrics(state, feeds));
      const got: number[] = [];
      const expected: number[] = [];
      for (const name of Object.keys(state).filter((key) => key.startsWith(`${player}.`))) {
        expected.push(...(await slopes(state[name]!, at)));
        got.push(...next[`adam_m.${name}`]!.map((m) => m / (1 - SLOW.adam.beta1)));
      }
      const greatest = Math.max(...expected.map(Math.abs));
      const worst = Math.max(...got.map((value, i) => Math.abs(value - expected[i]!)));
      // Else they would agree for the wrong reason.
      expect(greatest, player).toBeGreaterThan(0.02);
      expect(worst / greatest, player).toBeLessThan(TOLERANCE);
    }
    return metrics;
  } finally {
    await step.close();
  }
}

/** Of a function of weights, which are moved one by one and put back. */
async function slopes(weights: Float32Array, at: () => Promise<number>): Promise<number[]> {
  const found: number[] = [];
  for (const [i, weight] of weights.entries()) {
    const [below, above] = [Math.fround(weight - DISTANCE), Math.fround(weight + DISTANCE)];
    weights[i] = below;
    const left = await at();
    weights[i] = above;
    found.push(((await at()) - left) / (above - below));
    weights[i] = weight;
  }
  return found;
}
