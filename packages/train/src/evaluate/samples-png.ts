import sharp from 'sharp';
import type { Dataset } from '../data/dataset.ts';
import { type EncodePng, samplesGrid } from './samples.ts';

export const encodePng: EncodePng = ({ height, width, channels, data }, times) =>
  sharp(data, { raw: { width, height, channels } })
    .resize({ width: width * times, height: height * times, kernel: 'nearest' })
    .png()
    .toBuffer();

/** A PNG of images [count, C, H, W] in −1…1. */
export function samplesPng(
  images: Float32Array,
  size: Pick<Dataset, 'height' | 'width' | 'channels'>,
): Promise<Uint8Array> {
  const { grid, times } = samplesGrid(images, size);
  return encodePng(grid, times);
}
