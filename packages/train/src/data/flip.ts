/** Horizontal flips: what a left and a right have in common need not be learnt twice. */
import { fillWords, STREAM } from '@ganport/model';

export interface FlipOptions {
  seed: number;
  /** Of the step that sees them. */
  step: number;
  width: number;
  channels: number;
}

/**
 * Mirrors each of the images [N, H, W, C] or leaves it as it is, one as likely as the other: a function of
 * the seed, the step and the image's place in the batch alone. In place.
 * @throws ModelError unless `seed` is an integer, 0 ≤ seed < 2^53
 */
export function flipSome(
  images: Uint8Array,
  count: number,
  { seed, step, width, channels }: FlipOptions,
): Uint8Array {
  const size = images.length / count;
  const words = new Uint32Array(Math.ceil(count / 32));
  fillWords(words, seed, STREAM.flips, step);
  for (let i = 0; i < count; i++) {
    if (((words[i >>> 5]! >>> (i & 31)) & 1) === 0) continue;
    const image = images.subarray(i * size, (i + 1) * size);
    for (let row = 0; row < size; row += width * channels) {
      mirror(image.subarray(row, row + width * channels), channels);
    }
  }
  return images;
}

/** A row [W, C], from right to left. */
function mirror(row: Uint8Array, channels: number): void {
  row.reverse();
  // The reverse of the pixels has each one's channels the wrong way round.
  if (channels === 1) return;
  for (let at = 0; at < row.length; at += channels) row.subarray(at, at + channels).reverse();
}
