import { expect, test } from 'vitest';
import { flipSome } from '../src/data/flip.ts';

/** Images [200, 1, 2, 3], each of pixels 1 2 3 and 4 5 6. */
const batch = () => Uint8Array.from({ length: 200 * 6 }, (_, i) => 1 + (i % 6));
const flipped = (step: number, seed = 0) =>
  flipSome(batch(), 200, { seed, step, width: 2, channels: 3 });

test('half of the images are mirrored, pixels and not channels', () => {
  const images = flipped(1);
  const kinds = Array.from({ length: 200 }, (_, i) => images.slice(i * 6, i * 6 + 6).join(''));
  expect(new Set(kinds)).toEqual(new Set(['123456', '456123']));
  const mirrored = kinds.filter((kind) => kind === '456123').length;
  // Of 200 fair coins: 100, with a deviation of 7.
  expect(Math.abs(mirrored - 100)).toBeLessThan(29);
});

test('which ones are a function of the seed and the step', () => {
  expect(flipped(3)).toEqual(flipped(3));
  expect(flipped(3)).not.toEqual(flipped(4));
  expect(flipped(3)).not.toEqual(flipped(3, 1));
});
