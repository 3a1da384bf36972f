import { createHash } from 'node:crypto';
import { ModelError } from '@ganport/model';
import type { Dataset } from './dataset.ts';

export interface MemoryImages
  extends Pick<Dataset, 'name' | 'height' | 'width' | 'channels' | 'labels' | 'classes'> {
  /** [count, H, W, C] in 0…255. */
  images: Uint8Array;
}

/**
 * A data set whose images are in memory.
 * @throws ModelError when an image is read that is not there
 */
export function memoryDataset({ images, ...described }: MemoryImages): Dataset {
  const { name, height, width, channels, labels } = described;
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
    sha256: digest(images, labels),
  };
}

function digest(images: Uint8Array, labels: Dataset['labels']): string {
  const hash = createHash('sha256').update(images);
  if (labels) hash.update(labels);
  return hash.digest('hex');
}
