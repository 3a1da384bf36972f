import { latentBatch } from '@ganport/model';
import { describe, expect, test } from 'vitest';
import { atOnce } from '../src/evaluate/parts.ts';
import { mongeTo, slicedWasserstein } from '../src/evaluate/sliced-wasserstein.ts';

const DIM = 8;

test('equal sets have no distance, in whatever order', () => {
  const set = latentBatch(1, 0, 50, DIM);
  const turned = new Float32Array(set.length);
  for (let i = 0; i < 50; i++) turned.set(set.subarray(i * DIM, (i + 1) * DIM), (49 - i) * DIM);
  expect(atOnce(slicedWasserstein(set, turned, DIM))).toBeCloseTo(0, 12);
});

test('a shift is as far as its mean projection: |δ| · Γ(d/2) / (√π Γ((d+1)/2))', () => {
  const set = latentBatch(1, 0, 40, DIM);
  const shifted = set.map((x, i) => x + (i % DIM === 3 ? 2 : 0));
  // For d = 8: Γ(4) / (√π Γ(4.5)) = 6 / (1.7724539 · 11.6317284).
  const expected = (2 * 6) / (1.7724539 * 11.6317284);
  const got = atOnce(slicedWasserstein(set, shifted, DIM, { projections: 4000 }));
  // 4,000 directions leave 1 % of the mean, of which this is three standard errors.
  expect(Math.abs(got / expected - 1)).toBeLessThan(0.04);
});

test('normal sets of other width differ by the difference of their mean absolute values', () => {
  const narrow = latentBatch(1, 0, 4000, DIM);
  const wide = latentBatch(2, 0, 4000, DIM).map((x) => 3 * x);
  // W1 of N(0, 1) and N(0, 9) is (3 − 1) · E|Z| = 2 · √(2/π).
  const expected = 2 * Math.sqrt(2 / Math.PI);
  expect(Math.abs(atOnce(slicedWasserstein(narrow, wide, DIM)) / expected - 1)).toBeLessThan(0.03);
});

describe('MIND', () => {
  const monge = (...of: Parameters<typeof mongeTo>) => {
    const to = atOnce(mongeTo(...of));
    return (other: Float32Array) => atOnce(to(other));
  };

  test('is worked out by hand for one feature', () => {
    // Sorted, 0, 1, 5 are beside 2, 3, 3: 3 · (4 + 4 + 4) / 3. Either way along the line.
    expect(monge(Float32Array.of(5, 0, 1), 1)(Float32Array.of(3, 2, 3))).toBeCloseTo(12, 12);
  });

  test('of a set moved by v is 3 |v|², and of one in another order 0', () => {
    const set = latentBatch(1, 0, 40, DIM);
    const to = monge(set, DIM);
    const rows = Array.from({ length: 40 }, (_, i) => set.slice(i * DIM, (i + 1) * DIM));
    expect(to(Float32Array.from(rows.reverse().flatMap((row) => [...row])))).toBeCloseTo(0, 12);
    const moved = set.map((x, i) => x + (i % DIM === 3 ? 2 : 0));
    // 3 · 8 · E[(u·v)²] with E[u₃²] = 1/8; over 1,000 directions ± 4 %, of which this is three times.
    expect(Math.abs(to(moved) / 12 - 1)).toBeLessThan(0.12);
  });

  test('of normal sets of other width is 3 d times the square of the difference of the widths', () => {
    const narrow = latentBatch(1, 0, 4000, DIM);
    const wide = latentBatch(2, 0, 4000, DIM).map((x) => 3 * x);
    // W2² of N(0, 1) and N(0, 9) is (3 − 1)² along each direction.
    const got = monge(narrow, DIM, { projections: 100 })(wide);
    expect(Math.abs(got / (3 * DIM * 4) - 1)).toBeLessThan(0.03);
  });

  test('of a seed is the same, of another seed another', () => {
    const [a, b] = [latentBatch(1, 0, 30, DIM), latentBatch(2, 0, 30, DIM)];
    const of = (seed: number) => monge(a, DIM, { projections: 10, seed })(b);
    expect(of(1)).toBe(of(1));
    expect(of(1)).not.toBe(of(2));
  });
});
