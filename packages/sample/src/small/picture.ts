/** A generator.onnx that the small runtime draws, one picture at a time. */
import { bytesOf, type GeneratorMetadata } from '@ganport/model';
import { SampleError } from '../error.ts';
import { MAX_COUNT } from '../sampler.ts';
import { openGraph } from './run.ts';

export interface Pictures {
  metadata: GeneratorMetadata;
  /**
   * Latents [latent] and, of classes, a class → levels uint8 [H, W, C].
   * @param maxWork multiplications and additions after which it gives up
   * @throws SampleError that names the node which fails; TooMuchWork
   */
  draw(z: Float32Array, label: bigint | undefined, maxWork?: number): Uint8Array;
}

/** @throws SampleError if it is no generator of ganport's, or has an operator that is not among the small runtime's */
export function openPictures(model: Uint8Array): Pictures {
  const { run, metadata: texts } = openGraph(model);
  const metadata = metadataOf(texts);
  const { latent, image } = metadata;
  const { height, width, channels, output } = image;
  const size = height * width * channels;
  return {
    metadata,
    draw(z, label, maxWork) {
      const inputs = {
        z: { shape: [1, latent.size], data: z },
        ...(label !== undefined && {
          label: { shape: [1], data: Float64Array.of(Number(label)) },
        }),
      };
      const { data } = run(inputs, maxWork);
      const levels =
        output === 'uint8' ? data : bytesOf(data as Float32Array, [channels, height, width]);
      if (levels.length === size) return levels as Uint8Array;
      throw new SampleError(`the model draws ${levels.length} levels, expected ${size}`);
    },
  };
}

/** What is needed of the metadata of a generator.onnx, checked; `readGeneratorMetadata` checks the rest. */
export function metadataOf(texts: Readonly<Record<string, string>>): GeneratorMetadata {
  let metadata: GeneratorMetadata | undefined;
  try {
    metadata = JSON.parse(texts.ganport ?? '');
    atob(metadata!.golden.images);
  } catch {
    metadata = undefined;
  }
  const { latent, image, golden, classes } = metadata ?? ({} as Partial<GeneratorMetadata>);
  const numbers = [latent?.size, image?.width, image?.height, image?.channels, golden?.count];
  const fits =
    numbers.every((number) => Number.isInteger(number) && number! > 0 && number! <= MAX_COUNT) &&
    Number.isSafeInteger(golden?.seed) &&
    golden!.seed >= 0 &&
    (classes === undefined || Array.isArray(classes));
  if (!fits) throw new SampleError('the model was not written by `ganport export`');
  return metadata!;
}
