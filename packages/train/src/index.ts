export type { EngineName } from '@ganport/model/node';
export {
  configSchema,
  DEFAULT_PRESET,
  type Overrides,
  resolveConfig,
  type TrainConfig,
} from './config.ts';
export {
  type Dataset,
  type DownloadProgress,
  loadDataset,
  memoryDataset,
  SOURCES,
} from './data/index.ts';
export type {
  Engine,
  EngineOptions,
  Metrics,
  State,
  StepInput,
} from './engine.ts';
export { EngineError } from './engine-error.ts';
export {
  type ChosenEngine,
  type CreateOptions,
  createEngine,
  type EngineChoice,
} from './engines.ts';
export { type Gan, initialState, resolveGan, stateTensors } from './gan.ts';
export { isUnused } from './new-run.ts';
export {
  createOnnxRuntimeEngine,
  type OnnxRuntimeOptions,
  sessionOptions,
} from './onnxruntime/engine.ts';
export { LOSSES, type LossName } from './onnxruntime/losses.ts';
export { buildStep, METRICS, NEXT, STEP } from './onnxruntime/step.ts';
export type { TensorFlowBackend } from './tensorflow/backend.ts';
export { defaultThreads } from './threads.ts';
export { type TrainOptions, type TrainResult, train } from './train.ts';
