import { expect, test } from 'vitest';
import { nearestDistance } from '../src/diversity.ts';

test('the distance to the nearest other image, in the middle of all', () => {
  // On a line: 0, 1, 4 and 10 are 1, 1, 3 and 6 from the nearest.
  expect(nearestDistance(Float32Array.of(0, 1, 4, 10), 1)).toBe(3);
  // Root mean square over the numbers of an image: 3 and 4 over two.
  expect(nearestDistance(Float32Array.of(0, 0, 3, 4), 2)).toBeCloseTo(Math.sqrt(25 / 2), 12);
});

test('twins have none, however far the kinds are apart', () => {
  expect(nearestDistance(Float32Array.of(-1, 1, -1, 1, 0, 0), 1)).toBe(0);
});
