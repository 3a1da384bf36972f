/** Any data set of IDX files: MNIST, those that followed it under its names, and one's own. */
import { ModelError } from '@ganport/model';
import { asImages } from './as-images.ts';
import { asClasses } from './classes.ts';
import type { Dataset } from './dataset.ts';
import { readIdx } from './idx.ts';
import { findIdx } from './idx-files.ts';
import { memoryDataset } from './memory.ts';

/**
 * Loads images, [count, H, W] for grey ones, [count, H, W, C] or [count, C, H, W] with 1 or 3 channels; where both
 * could be meant, channels are last. Labels may be any bytes, or missing: classes are the numbers that occur.
 * @param path of a folder, or of its images, see `findIdx`
 * @throws ModelError if files are missing, several, damaged, or do not belong together
 */
export async function loadIdx(path: string): Promise<Dataset> {
  const files = await findIdx(path);
  const idx = await readIdx(files.images, 3, 4);
  if (idx.data.length === 0) {
    throw new ModelError(`${files.images}: it has no images: its shape is [${idx.shape}]`);
  }
  const { data, ...size } = asImages(idx, files.images);
  const described = { name: files.name, ...size, images: data };
  if (files.labels === undefined) return memoryDataset(described);
  const labels = await readIdx(files.labels, 1);
  const count = data.length / (size.height * size.width * size.channels);
  if (labels.data.length !== count) {
    throw new ModelError(
      `${files.labels}: expected ${count} labels, one for each image in ${files.images}, got ${labels.data.length}`,
    );
  }
  return memoryDataset({ ...described, ...asClasses(labels.data, files.labels) });
}
