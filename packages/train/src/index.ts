export type { EngineName } from '@ganport/model/node';
export { createAlarm } from './alarm.ts';
export { expectNoBatchUnderPenalty } from './batch-statistics.ts';
export {
  configSchema,
  DEFAULT_PRESET,
  type Overrides,
  resolveConfig,
  type TrainConfig,
} from './config.ts';
export { withAbsoluteData } from './data/absolute-source.ts';
export {
  type Dataset,
  type DownloadProgress,
  loadDataset,
  memoryDataset,
  type PrepareProgress,
} from './data/index.ts';
export type { NpyRange } from './data/npy/settings.ts';
export { SOURCES } from './data/source-name.ts';
export { expectUnboundedOutput } from './discriminator-output.ts';
export type { Engine, Metrics, State } from './engine.ts';
export { EngineError } from './engine-error.ts';
export {
  type CreateOptions,
  createEngine,
  type EngineChoice,
} from './engines.ts';
export { coveredModes, knowsClasses } from './evaluate/class-scores.ts';
export {
  type Extracted,
  type Extractor,
  FEATURE_RANGES,
  type FeatureRange,
} from './evaluate/extractor.ts';
export {
  type Labelled,
  LEAST,
  type Measures,
  measure,
} from './evaluate/measure.ts';
export { areDigits, fitsClassifier, readClassifier } from './evaluate/mnist-classifier.ts';
export { withPauses } from './evaluate/with-pauses.ts';
export { type Gan, resolveGan } from './gan.ts';
export { generatorGradient } from './generator-gradient.ts';
export {
  type Inverted,
  type InvertOptions,
  type InvertProgress,
  invert,
} from './invert/invert.ts';
export { readPicture } from './invert/read-picture.ts';
export type { Score } from './loop.ts';
export { isUnused } from './new-run.ts';
export { createOnnxRuntimeEngine, type OnnxRuntimeOptions } from './onnxruntime/engine.ts';
export { gpuLacks } from './onnxruntime/gpu-lacks.ts';
export { type OpenExtractor, openExtractor } from './open-extractor.ts';
export { type GanSettings, ganRecipe } from './recipe/gan.ts';
export type { RecipeOptions, TrainingImages } from './recipe/gan-feeds.ts';
export { buildRecipe, feedsAt, RECIPES } from './recipe/index.ts';
export { LOSS_ALIASES, LOSSES, type LossName } from './recipe/losses.ts';
export { PENALTIES, type Penalties, type PenaltyName } from './recipe/penalties.ts';
export type { Recipe } from './recipe/recipe.ts';
export { initialState } from './recipe/state.ts';
export { bestOnEach, differences, uncommon } from './report/compare.ts';
export { duration } from './report/duration.ts';
export { type FilmOptions, film } from './report/film.ts';
export { type FoundRuns, findRuns, type RunSummary, type Unreadable } from './report/read-run.ts';
export { type Drawn, type ReportOptions, report } from './report/report.ts';
export { expectDataOf } from './resume.ts';
export { planSweep, type SweepEval, type SweepRun } from './sweep/plan.ts';
export { readResults } from './sweep/results.ts';
export { type StepClock, stepClock } from './sweep/step-clock.ts';
export { type SweepResult, sweep, type TrainedRun } from './sweep/sweep.ts';
export { type Group, groupRuns, groupTable } from './sweep/table.ts';
export type { TensorFlowBackend } from './tensorflow/backend.ts';
export { defaultThreads, threadsNotice } from './threads.ts';
export { type TrainOptions, type TrainResult, train } from './train.ts';
export type { ChosenEngine } from './train-on.ts';
export { PAGE } from './watch/page.ts';
export { createRunView, type RunUpdate, type RunView, type ViewOptions } from './watch/view.ts';
