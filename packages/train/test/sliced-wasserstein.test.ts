import { latentBatch } from '@ganport/model';
import { expect, test } from 'vitest';
import { slicedWasserstein } from '../src/evaluate/sliced-wasserstein.ts';

const DIM = 8;

test('equal sets have no distance, in whatever order', () => {
  const set = latentBatch(1, 0, 50, DIM);
  const turned = new Float32Array(set.length);
  for (let i = 0; i < 50; i++) turned.set(set.subarray(i * DIM, (i + 1) * DIM), (49 - i) * DIM);
  expect(slicedWasserstein(set, turned, DIM)).toBeCloseTo(0, 12);
});

test('a shift is as far as its mean projection: |δ| · Γ(d/2) / (√π Γ((d+1)/2))', () => {
  const set = latentBatch(1, 0, 40, DIM);
  const shifted = set.map((x, i) => x + (i % DIM === 3 ? 2 : 0));
  // For d = 8: Γ(4) / (√π Γ(4.5)) = 6 / (1.7724539 · 11.6317284).
  const expected = (2 * 6) / (1.7724539 * 11.6317284);
  const got = slicedWasserstein(set, shifted, DIM, { projections: 4000 });
  // 4,000 directions leave 1 % of the mean, of which this is three standard errors.
  expect(Math.abs(got / expected - 1)).toBeLessThan(0.04);
});

test('normal sets of other width differ by the difference of their mean absolute values', () => {
  const narrow = latentBatch(1, 0, 4000, DIM);
  const wide = latentBatch(2, 0, 4000, DIM).map((x) => 3 * x);
  // W1 of N(0, 1) and N(0, 9) is (3 − 1) · E|Z| = 2 · √(2/π).
  const expected = 2 * Math.sqrt(2 / Math.PI);
  expect(Math.abs(slicedWasserstein(narrow, wide, DIM) / expected - 1)).toBeLessThan(0.03);
});
