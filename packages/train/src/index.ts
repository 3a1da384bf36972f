export {
  configSchema,
  DEFAULT_PRESET,
  type Overrides,
  resolveConfig,
  type TrainConfig,
} from './config.ts';
export { type Dataset, type DownloadProgress, loadDataset, SOURCES } from './data/index.ts';
export {
  ENGINES,
  type Engine,
  type EngineName,
  type EngineOptions,
  type Metrics,
  type State,
  type StepInput,
} from './engine.ts';
export { type CreateOptions, createEngine, defaultThreads } from './engines.ts';
export { type Gan, initialState, resolveGan, stateTensors } from './gan.ts';
export { createOnnxRuntimeEngine, type OnnxRuntimeOptions } from './onnxruntime/engine.ts';
export { LOSSES, type LossName } from './onnxruntime/losses.ts';
export { buildStep, METRICS, NEXT, STEP } from './onnxruntime/step.ts';
export { type TrainOptions, type TrainResult, train } from './train.ts';
