import { latents } from '@ganport/model';
import { expect, test } from 'vitest';
import { slerp, walkCount, walkLatents } from '../src/walk.ts';

const length = (vector: Float32Array) => Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
const [a, b] = [latents(1, 0, 100), latents(1, 1, 100)];

test('a walk begins at one and ends at the other', () => {
  for (const [i, x] of slerp(a, b, 0).entries()) expect(x).toBeCloseTo(a[i]!, 5);
  for (const [i, x] of slerp(a, b, 1).entries()) expect(x).toBeCloseTo(b[i]!, 5);
});

test('on the circle, a third of a right angle is 30°', () => {
  const [x, y] = slerp(Float32Array.of(1, 0), Float32Array.of(0, 1), 1 / 3);
  expect(x).toBeCloseTo(Math.cos(Math.PI / 6), 6);
  expect(y).toBeCloseTo(Math.sin(Math.PI / 6), 6);
});

test('lengths go evenly from one to the other, where a straight line would cut the corner', () => {
  const middle = slerp(a, b, 0.5);
  expect(length(middle)).toBeCloseTo((length(a) + length(b)) / 2, 4);
  expect(length(a.map((x, i) => (x + b[i]!) / 2))).toBeLessThan(0.8 * length(middle));
});

test.each([
  ['equal', a, a],
  ['opposite', a, a.map((x) => -x)],
  ['zero', new Float32Array(3), Float32Array.of(1, 2, 3)],
])('vectors that are %s give numbers', (_, from, to) => {
  expect([...slerp(from, to, 0.3)].every(Number.isFinite)).toBe(true);
});

test('a walk passes the pictures of its seed, however it is cut', () => {
  const walk = { seed: 5, start: 7, stops: 3, steps: 4, closed: true };
  expect(walkCount(walk)).toBe(12);
  expect(walkCount({ ...walk, closed: false })).toBe(9);
  const all = walkLatents(walk, 6, 0, 13);
  for (const [stop, at] of [0, 4, 8].entries()) {
    expect(all.subarray(6 * at, 6 * at + 6)).toEqual(latents(5, 7 + stop, 6));
  }
  expect(all.subarray(72)).toEqual(latents(5, 7, 6));
  expect(walkLatents(walk, 6, 3, 4)).toEqual(all.subarray(18, 42));
});
