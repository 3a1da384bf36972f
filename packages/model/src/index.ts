export { ModelError, parseOrThrow } from './error.ts';
export {
  type GeneratorMetadata,
  generatorMetadataSchema,
  METADATA_KEY,
  readGeneratorMetadata,
} from './generator-metadata.ts';
