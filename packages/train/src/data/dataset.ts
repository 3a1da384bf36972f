/** A data set: images in memory, as bytes, with or without labels. */
import { createHash } from 'node:crypto';

export interface Dataset {
  name: string;
  /** Number of images, at least 1. */
  count: number;
  height: number;
  width: number;
  channels: 1 | 3;
  /** [count, H, W, C] in 0…255. */
  images: Uint8Array;
  /** [count]: each an index into `classes`. */
  labels?: Uint8Array;
  /** Names of the classes. */
  classes?: string[];
  /** SHA-256 of the images followed by the labels, hexadecimal. */
  sha256: string;
}

/** The `sha256` of a data set. */
export function datasetDigest({ images, labels }: Pick<Dataset, 'images' | 'labels'>): string {
  const hash = createHash('sha256').update(images);
  if (labels) hash.update(labels);
  return hash.digest('hex');
}

/** The images at `indices`, N of them: [N, H, W, C]. */
export function imageBatch(
  { images, height, width, channels }: Dataset,
  indices: Uint32Array,
): Uint8Array {
  const size = height * width * channels;
  const batch = new Uint8Array(indices.length * size);
  indices.forEach((index, i) => {
    batch.set(images.subarray(index * size, (index + 1) * size), i * size);
  });
  return batch;
}
