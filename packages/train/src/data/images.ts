/** Images in memory as a data set, wherever: the digest is the caller's to make. */
import { ModelError } from '@ganport/model';
import type { Dataset } from './dataset.ts';

export interface MemoryImages
  extends Pick<Dataset, 'name' | 'height' | 'width' | 'channels' | 'labels' | 'classes'> {
  /** [count, H, W, C] in 0…255. */
  images: Uint8Array;
}

/**
 * @param sha256 of the images followed by the labels
 * @throws ModelError when an image is read that is not there
 */
export function imagesDataset({ images, ...described }: MemoryImages, sha256: string): Dataset {
  const { name, height, width, channels } = described;
  const size = height * width * channels;
  const count = images.length / size;
  return {
    ...described,
    count,
    async read(indices) {
      const bytes = new Uint8Array(indices.length * size);
      indices.forEach((index, i) => {
        if (index >= count) throw new ModelError(`${name} has ${count} images: got index ${index}`);
        bytes.set(images.subarray(index * size, (index + 1) * size), i * size);
      });
      return bytes;
    },
    sha256,
  };
}
