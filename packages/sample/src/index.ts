export {
  type Batching,
  type BatchingOptions,
  type BatchingStats,
  createBatching,
  type DrawRequest,
} from './batching.ts';
export { classIndex, parseCodes } from './chosen.ts';
export { SampleError } from './error.ts';
export { type Generator, type Infer, type OpenProgram, openGenerator } from './generator.ts';
export type { Histogram } from './histogram.ts';
export {
  type DrawOptions,
  MAX_COUNT,
  openSampler,
  type SampleOptions,
  type Sampler,
  type SamplerOptions,
  type WalkOptions,
} from './sampler.ts';
export { slerp } from './walk.ts';
