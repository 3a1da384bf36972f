export { SampleError } from './error.ts';
export {
  createSampler,
  MAX_COUNT,
  type SampleOptions,
  type Sampler,
  type SamplerOptions,
} from './sampler.ts';
