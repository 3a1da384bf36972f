export { type AppOptions, createApp } from './app.ts';
export { DEVICES, type Device, type DeviceStatus, probeDevice } from './devices.ts';
export {
  type EncodeOptions,
  encodeImages,
  IMAGE_FORMATS,
  type ImageFormat,
} from './encode.ts';
export { ServeError } from './error.ts';
export { type LoadedGenerator, loadGenerator } from './load.ts';
export {
  createSampler,
  type Runtime,
  type SampleOptions,
  type Sampler,
  type SamplerOptions,
} from './sampler.ts';
export { type RunningServer, type ServerOptions, startServer } from './server.ts';
