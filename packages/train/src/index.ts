export {
  configSchema,
  DEFAULT_PRESET,
  type Overrides,
  resolveConfig,
  type TrainConfig,
} from './config.ts';
export { type Dataset, type DownloadProgress, loadDataset, SOURCES } from './data/index.ts';
export type { Engine, Metrics, State, StepInput } from './engine.ts';
export { initialState, resolveGan } from './gan.ts';
export { LOSSES, type LossName } from './losses.ts';
export { createOnnxRuntimeEngine, type OnnxRuntimeOptions } from './onnxruntime-engine.ts';
export { buildStep, type Gan, NEXT, STEP, stateTensors } from './step.ts';
export { defaultThreads, type TrainOptions, type TrainResult, train } from './train.ts';
