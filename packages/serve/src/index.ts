export { type AppOptions, createApp } from './app.ts';
export { DEVICES, type Device, type DeviceStatus, probeDevice } from './devices.ts';
export {
  type EncodeOptions,
  encodeImages,
  IMAGE_FORMATS,
  type ImageFormat,
} from './encode.ts';
export { ServeError } from './error.ts';
export { wholeNumber } from './http-error.ts';
export { type LoadedGenerator, loadGenerator, readModel } from './load.ts';
export {
  createSampler,
  MAX_COUNT,
  MAX_INDEX,
  MAX_SEED,
  type Runtime,
  type SampleOptions,
  type Sampler,
  type SamplerOptions,
} from './sampler.ts';
export { expectFreePort, type RunningServer, type ServerOptions, startServer } from './server.ts';
