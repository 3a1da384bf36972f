/** The picture of a run's samples. */
import { bytesOf, type Images, tileImages } from '@ganport/model';
import type { Dataset } from '../data/dataset.ts';

/** Pixels that a small image is enlarged to, as far as whole times go. */
const LARGE_ENOUGH = 96;

/** Pictures beside each other, and at most as many. */
const [COLUMNS, MOST_COLUMNS] = [8, 16];

/** So many that each column has pictures of one class. @param classes that pictures take turns in; 0 for none */
export function columnsOf(classes: number): number {
  if (!hasColumns(classes)) return COLUMNS;
  return classes * Math.max(1, Math.floor(COLUMNS / classes));
}

export function hasColumns(classes: number): boolean {
  return classes > 0 && classes <= MOST_COLUMNS;
}

interface Grid extends Pick<Dataset, 'height' | 'width' | 'channels'> {
  columns?: number;
}

/** Images [count, C, H, W] in −1…1 as one; and how many times it is to be enlarged for a person to see it. */
export function samplesGrid(
  images: Float32Array,
  { height, width, channels, columns = COLUMNS }: Grid,
): { grid: Omit<Images, 'count'>; times: number } {
  const count = images.length / (height * width * channels);
  const data = bytesOf(images, [channels, height, width]);
  const tiles = { columns, gap: 1, background: 64 };
  const grid = tileImages({ count, height, width, channels, data }, tiles);
  return { grid, times: Math.max(1, Math.floor(LARGE_ENOUGH / Math.max(height, width))) };
}

/** Encodes an image, each of its pixels `times` by `times` large, as a PNG. */
export type EncodePng = (grid: Omit<Images, 'count'>, times: number) => Promise<Uint8Array>;
