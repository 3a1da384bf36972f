export { type AppOptions, createApp } from './app.ts';
export {
  type EncodeOptions,
  encodeImages,
  IMAGE_FORMATS,
  type ImageFormat,
} from './encode.ts';
export { ServeError } from './error.ts';
export { type LoadedGenerator, loadGenerator, readModel } from './load.ts';
export {
  createSampler,
  MAX_COUNT,
  type SampleOptions,
  type Sampler,
  type SamplerOptions,
} from './sampler.ts';
export { expectFreePort, type RunningServer, type ServerOptions, startServer } from './server.ts';
