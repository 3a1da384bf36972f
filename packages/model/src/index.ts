export { ModelError, parseOrThrow } from './error.ts';
export {
  type GeneratorMetadata,
  generatorMetadataSchema,
  METADATA_KEY,
  readGeneratorMetadata,
} from './generator-metadata.ts';
export { type Images, imageBytes, tileImages } from './images.ts';
export { drawnWeight, inferenceGraph, samplerGraph } from './inference-graph.ts';
export { latentBatch, latents } from './latents.ts';
export {
  type BatchNormForm,
  type Init,
  LAYERS,
  type LayerType,
  type Parameter,
  type Size,
} from './layers.ts';
export {
  type BatchStatistics,
  countParameters,
  type Layer,
  type Lowered,
  lowerNetwork,
  type Network,
  type NetworkSpec,
  networkSchema,
  resolveNetwork,
} from './network.ts';
export { normalQuantile } from './normal.ts';
export { type GanSpec, PRESETS, type PresetName } from './presets.ts';
export {
  checkSeed,
  permutation,
  type Random,
  randomSequence,
  STREAM,
  type Stream,
} from './random.ts';
