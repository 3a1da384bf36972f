import { bytesOf, tileImages } from '@ganport/model';
import sharp from 'sharp';
import type { Dataset } from '../data/index.ts';

/** A PNG of images [count, C, H, W] in −1…1, eight to a row. */
export function samplesPng(
  images: Float32Array,
  { height, width, channels }: Pick<Dataset, 'height' | 'width' | 'channels'>,
): Promise<Uint8Array> {
  const count = images.length / (height * width * channels);
  const data = bytesOf(images, [channels, height, width]);
  const tiles = { columns: 8, gap: 1, background: 64 };
  const grid = tileImages({ count, height, width, channels, data }, tiles);
  return sharp(grid.data, { raw: { width: grid.width, height: grid.height, channels } })
    .png()
    .toBuffer();
}
