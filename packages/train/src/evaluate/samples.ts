import { bytesOf, tileImages } from '@ganport/model';
import sharp from 'sharp';
import type { Dataset } from '../data/index.ts';

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

/** A PNG of images [count, C, H, W] in −1…1, enlarged to what a person can see. */
export function samplesPng(
  images: Float32Array,
  { height, width, channels, columns = COLUMNS }: Grid,
): Promise<Uint8Array> {
  const count = images.length / (height * width * channels);
  const data = bytesOf(images, [channels, height, width]);
  const tiles = { columns, gap: 1, background: 64 };
  const grid = tileImages({ count, height, width, channels, data }, tiles);
  const times = Math.max(1, Math.floor(LARGE_ENOUGH / Math.max(height, width)));
  const size = { width: grid.width * times, height: grid.height * times };
  return sharp(grid.data, { raw: { width: grid.width, height: grid.height, channels } })
    .resize({ ...size, kernel: 'nearest' })
    .png()
    .toBuffer();
}
