export { turnsIn } from './class-turns.ts';
export {
  type ChosenCodes,
  type Code,
  chooseCodes,
  codesOf,
  codesReason,
  codesSpec,
  codeValues,
} from './codes.ts';
export { nearestDistance } from './diversity.ts';
export {
  ModelError,
  parseJson,
  parseOrReason,
  parseOrThrow,
  parseSettings,
  quote,
} from './error.ts';
export { type FoundLatent, parseFoundLatent } from './found-latent.ts';
export { checkGeneratorDigest, NO_DIGEST, sealGenerator } from './generator-digest.ts';
export {
  type GeneratorMetadata,
  generatorMetadataSchema,
  METADATA_KEY,
  readGeneratorMetadata,
} from './generator-metadata.ts';
export { type Images, tileImages } from './images.ts';
export {
  drawnWeight,
  type InferenceGraph,
  inferenceGraph,
  samplerGraph,
} from './inference-graph.ts';
export { fillInitInParts, initialWeights } from './initial-weights.ts';
export { unknownKeys } from './issues.ts';
export {
  type LatentOptions,
  latentBatch,
  latents,
  MAX_INDEX,
  MAX_TRUNCATION,
  MIN_TRUNCATION,
  truncationReason,
} from './latents.ts';
export {
  type Distribution,
  type Init,
  LAYERS,
  type LayerKind,
  type LayerType,
  type LowerContext,
  type Parameter,
  type Size,
} from './layers/index.ts';
export { type Lowered, type LowerOptions, lowerNetwork } from './lower-network.ts';
export {
  countParameters,
  inputSpec,
  type Layer,
  type Network,
  type NetworkSpec,
  networkSchema,
  type Output,
  resolveNetwork,
} from './network.ts';
export { noise } from './noise.ts';
export { normalQuantile } from './normal.ts';
export { bytesOf, bytesToNumbers, numbersBehind, numbersOf, numbersToBytes } from './pixels.ts';
export {
  type GanSpec,
  type ImageSize,
  PRESETS,
  type Preset,
  type PresetName,
} from './presets/index.ts';
export {
  checkSeed,
  fillWords,
  MAX_SEED,
  nameIndex,
  permutation,
  type Random,
  randomSequence,
  STREAM,
  type Stream,
} from './random.ts';
export { sha256 } from './sha256.ts';
export { suggestion } from './suggestion.ts';
export { decodeText } from './text.ts';
export { parseWholeNumber, rangeReason } from './whole-number.ts';
