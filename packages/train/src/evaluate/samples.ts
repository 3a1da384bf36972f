import { bytesOf, tileImages } from '@ganport/model';
import sharp from 'sharp';
import type { Dataset } from '../data/index.ts';

/** Pixels that a small image is enlarged to, as far as whole times go. */
const LARGE_ENOUGH = 96;

/** A PNG of images [count, C, H, W] in −1…1, eight to a row, enlarged to what a person can see. */
export function samplesPng(
  images: Float32Array,
  { height, width, channels }: Pick<Dataset, 'height' | 'width' | 'channels'>,
): Promise<Uint8Array> {
  const count = images.length / (height * width * channels);
  const data = bytesOf(images, [channels, height, width]);
  const tiles = { columns: 8, gap: 1, background: 64 };
  const grid = tileImages({ count, height, width, channels, data }, tiles);
  const times = Math.max(1, Math.floor(LARGE_ENOUGH / Math.max(height, width)));
  const size = { width: grid.width * times, height: grid.height * times };
  return sharp(grid.data, { raw: { width: grid.width, height: grid.height, channels } })
    .resize({ ...size, kernel: 'nearest' })
    .png()
    .toBuffer();
}
