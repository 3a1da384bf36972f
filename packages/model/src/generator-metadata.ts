/**
 * What a generator.onnx says of itself: JSON under the key "ganport" of its metadata_props.
 * Export writes it; the sampler, the service and the page read it and check the golden samples
 * before they report ready.
 */
import { decodeModel } from '@ganport/onnx';
import * as z from 'zod';
import { codesSchema } from './codes-schema.ts';
import { ModelError, parseJson, parseOrThrow } from './error.ts';
import { changeSchema } from './run-history.ts';

export const METADATA_KEY = 'ganport';

const count = z.int().positive();

export const generatorMetadataSchema = z
  .strictObject({
    /** Version of this format: 2 has classes, which a reader of 1 would not feed. */
    format: z.literal([1, 2]),
    /** Name of the preset, or of the configuration file. */
    name: z.string(),
    latent: z.strictObject({ size: count.max(65_536), distribution: z.literal('normal') }),
    /** Names of the classes, of a generator that takes `label`, the index of one. */
    classes: z.array(z.string()).min(2).optional(),
    /** What the first numbers of `z` are, in order, see codes.ts; none but of an InfoGAN. */
    codes: codesSchema.optional(),
    image: z.strictObject({
      width: count.max(8192),
      height: count.max(8192),
      channels: z.union([z.literal(1), z.literal(3)]),
      /** uint8 is [N, H, W, C] in 0…255; float32 is [N, C, H, W] in −1…1. */
      output: z.enum(['uint8', 'float32']),
    }),
    provenance: z.strictObject({
      dataset: z.strictObject({ name: z.string(), sha256: z.string() }),
      /** SHA-256 of the checkpoint file the weights came from. */
      weights: z.string(),
      seed: z.int().nonnegative(),
      steps: z.int().nonnegative(),
      /** The run's resolved configuration, as its run.json has it. */
      config: z.record(z.string(), z.unknown()),
      /** What of that was otherwise up to a step, and of what trained it. */
      history: z.array(changeSchema).optional(),
      /** Versions of ganport and of the packages that trained it. */
      versions: z.record(z.string(), z.string()),
    }),
    scores: z.record(z.string(), z.number()),
    /** Of the whole file, see generator-digest.ts; files of ganport 0.1.0 have none. */
    digest: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    /** Images of latents(seed, 0 … count − 1), of the classes in turns, as uint8 [count, H, W, C], base64. */
    golden: z.strictObject({ seed: z.int().nonnegative(), count, images: z.base64() }),
  })
  .refine(({ format, classes }) => (format === 2) === (classes !== undefined), {
    path: ['classes'],
    error: 'expected names of classes in format 2, and none in format 1',
  });

export type GeneratorMetadata = z.infer<typeof generatorMetadataSchema>;

/**
 * Reads and validates the metadata of a generator.onnx.
 * @throws OnnxError if the bytes are not an ONNX model
 * @throws ModelError if it is one that ganport did not export, or its metadata does not fit.
 */
export function readGeneratorMetadata(onnx: Uint8Array): GeneratorMetadata {
  const { metadataProps } = decodeModel(onnx);
  const entry = metadataProps.find(({ key }) => key === METADATA_KEY);
  if (entry?.value === undefined) {
    throw new ModelError(
      `the model has no "${METADATA_KEY}" metadata: it was not written by \`ganport export\``,
    );
  }
  const what = `the model's "${METADATA_KEY}" metadata`;
  return parseOrThrow(generatorMetadataSchema, parseJson(entry.value, what), what);
}
