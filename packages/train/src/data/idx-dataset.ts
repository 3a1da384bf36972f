/** Any data set of IDX files: MNIST, those that followed it under its names, and one's own. */
import { ModelError } from '@ganport/model';
import type { Dataset } from './dataset.ts';
import { type Idx, readIdx } from './idx.ts';
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
  return memoryDataset({ ...described, ...asClasses(labels.data) });
}

interface Sized extends Pick<Dataset, 'height' | 'width' | 'channels'> {
  /** [count, H, W, C]. */
  data: Uint8Array;
}

function asImages({ shape, data }: Idx, path: string): Sized {
  const [, a, b, c] = shape as [number, number, number, number?];
  if (c === undefined) return { height: a, width: b, channels: 1, data };
  if (c === 1 || c === 3) return { height: a, width: b, channels: c, data };
  if (a !== 1 && a !== 3) {
    throw new ModelError(
      `${path}: expected images of 1 or 3 channels, [N, H, W, C] or [N, C, H, W], got [${shape}]`,
    );
  }
  channelsLast(data, a, b * c);
  return { height: b, width: c, channels: a, data };
}

/** [count, channels, area] → [count, area, channels], in place. */
function channelsLast(data: Uint8Array, channels: number, area: number): void {
  if (channels === 1) return;
  for (let start = 0; start < data.length; start += channels * area) {
    const image = data.slice(start, start + channels * area);
    for (let i = 0; i < image.length; i++) {
      data[start + (i % area) * channels + Math.floor(i / area)] = image[i]!;
    }
  }
}

/** Labels as indices into the numbers that occur, in their order: EMNIST's letters begin at 1. */
function asClasses(numbers: Uint8Array): Required<Pick<Dataset, 'labels' | 'classes'>> {
  const found = [...new Set(numbers)].sort((a, b) => a - b);
  const labels = numbers.map((number) => found.indexOf(number));
  return { labels, classes: found.map(String) };
}
