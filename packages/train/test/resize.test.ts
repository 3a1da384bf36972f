/** Resizing beside values worked out by hand from the triangle filter. */
import { expect, test } from 'vitest';
import { resizePlanes } from '../src/evaluate/resize.ts';

const line = (numbers: number[], width: number) => [
  ...resizePlanes(
    Float32Array.from(numbers),
    { height: 1, width: numbers.length },
    { height: 1, width },
  ),
];

test.each([
  // Centres at 0.25, 0.75, 1.25 and 1.75 of pixels whose own are at 0.5 and 1.5.
  ['twice as long', [0, 4], 4, [0, 1, 3, 4]],
  // Centres at 1 and 3, reach 2: weights 3/4, 3/4, 1/4 of what lies inside.
  ['half as long', [7, 14, 28, 56], 2, [(3 * 7 + 3 * 14 + 28) / 7, (14 + 3 * 28 + 3 * 56) / 7]],
  ['a single number', [5], 3, [5, 5, 5]],
  ['to a single number', [6, 12], 1, [9]],
  ['as long', [1, 2, 3], 3, [1, 2, 3]],
])('a line %s', (_, numbers, width, expected) => {
  const got = line(numbers, width);
  expect(got).toHaveLength(expected.length);
  for (const [i, x] of expected.entries()) expect(got[i]).toBeCloseTo(x, 5);
});

test('both ways at once, and each plane alone', () => {
  const planes = Float32Array.of(0, 4, 8, 12, 1, 1, 1, 1);
  const to = { height: 4, width: 2 };
  const got = [...resizePlanes(planes, { height: 2, width: 2 }, to)];
  expect(got).toEqual([0, 4, 2, 6, 6, 10, 8, 12, 1, 1, 1, 1, 1, 1, 1, 1]);
});

test('a pattern finer than what it is shrunk to becomes grey', () => {
  const fine = Array.from({ length: 100 }, (_, i) => i % 2);
  // A triangle over 20 numbers, but at the ends of the line.
  for (const x of line(fine, 10).slice(1, -1)) expect(x).toBeCloseTo(0.5, 2);
});
