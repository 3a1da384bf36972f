import { createHash } from 'node:crypto';
import type { Dataset } from './dataset.ts';
import { imagesDataset, type MemoryImages } from './images.ts';

/**
 * A data set whose images are in memory.
 * @throws ModelError when an image is read that is not there
 */
export function memoryDataset(given: MemoryImages): Dataset {
  return imagesDataset(given, digest(given));
}

function digest({ images, labels }: MemoryImages): string {
  const hash = createHash('sha256').update(images);
  if (labels) hash.update(labels);
  return hash.digest('hex');
}
