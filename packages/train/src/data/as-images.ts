/** Arrays of bytes in the layouts that people have them in, as images. */
import { ModelError } from '@ganport/model';
import type { Dataset } from './dataset.ts';

interface Shaped {
  /** Of rank 3 or 4. */
  shape: readonly number[];
  data: Uint8Array;
}

interface Sized extends Pick<Dataset, 'height' | 'width' | 'channels'> {
  /** [count, H, W, C]. */
  data: Uint8Array;
}

/**
 * Bytes [N, H, W], [N, H, W, C] or [N, C, H, W] as images; where both could be meant, channels are last.
 * The last of these is laid out anew in place.
 * @throws ModelError unless there are 1 or 3 channels
 */
export function asImages({ shape, data }: Shaped, path: string): Sized {
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
