/** Recipes by name. To add one: a file with its settings and its step, and a line here. */
import type { TrainConfig } from '../config.ts';
import type { Gan } from '../gan.ts';
import { ganRecipe, ganSettings } from './gan.ts';
import type { TrainingImages } from './gan-feeds.ts';
import type { Recipe } from './recipe.ts';

export const RECIPES = {
  gan: { settings: ganSettings, build: ganRecipe },
} as const;

export type RecipeName = keyof typeof RECIPES;

/** Of a configuration that names none. */
export const DEFAULT_RECIPE = 'gan' satisfies RecipeName;

/** The recipe that a configuration describes, for two networks that fit each other. */
export function buildRecipe(
  gan: Gan,
  config: Pick<TrainConfig, 'recipe' | 'batch' | 'seed'> &
    Partial<Pick<TrainConfig, 'flip'>> &
    Parameters<(typeof RECIPES)[RecipeName]['build']>[1],
  images: TrainingImages,
): Recipe {
  const { recipe, batch, seed, flip = false } = config;
  return RECIPES[recipe].build(gan, config, { batch, seed, flip, images });
}

/** What a step, counted from 1, is given: by name. */
export async function feedsAt({ feeds }: Recipe, step: number) {
  const filled = feeds.map(async ({ name, fill }) => [name, await fill(step)] as const);
  return Object.fromEntries(await Promise.all(filled));
}
