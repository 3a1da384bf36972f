/** What needs Node: a generator.onnx from a file onto a device, pictures to files. */
export {
  type EncodeOptions,
  encodeAnimation,
  encodeImages,
  IMAGE_FORMATS,
  type ImageFormat,
  MAX_PIXELS,
} from './encode.ts';
export {
  type LoadedGenerator,
  type LoadOptions,
  loadGenerator,
  MAX_MODEL_BYTES,
  type ModelFile,
  readModel,
  TIME_LIMIT_MS,
} from './load.ts';
