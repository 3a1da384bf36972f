/**
 * Training in a page: a configuration, its recipe, what its steps are fed, and an engine over onnxruntime-web. Nothing of Node
 * is loaded; data sets, run folders and the loop are in the other entry.
 */
export { type Overrides, resolveConfig, type TrainConfig } from './config.ts';
export type { Engine, Metrics, State } from './engine.ts';
export { type Gan, resolveGan } from './gan.ts';
export { createWebEngine } from './onnxruntime/web-engine.ts';
export { type GanSettings, ganRecipe } from './recipe/gan.ts';
export type { RecipeOptions, TrainingImages } from './recipe/gan-feeds.ts';
export { buildRecipe, feedsAt, RECIPES, type RecipeName } from './recipe/index.ts';
export { LOSSES, type LossName } from './recipe/losses.ts';
export type { Recipe } from './recipe/recipe.ts';
export { initialState } from './recipe/state.ts';
export { chartsOf } from './report/charts.ts';
export { type Gathered, gather } from './report/gather.ts';
export type { GivenData } from './web/data.ts';
export { startRun, type WebRun, type WebRunOptions } from './web/run.ts';
export {
  createTrainer,
  type GoOnOptions,
  type Started,
  type StartOptions,
  type TrainEvent,
  type Trainer,
  type TrainerOptions,
  type WebDevice,
} from './web/trainer.ts';
