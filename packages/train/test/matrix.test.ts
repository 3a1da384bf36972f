/** Factors and singular values beside Jacobi's rotations, and the Fréchet distance beside its formula by them. */
import { latentBatch } from '@ganport/model';
import { describe, expect, test } from 'vitest';
import { frechetTo } from '../src/evaluate/frechet.ts';
import { factor, nuclearNorm, rowProducts, transposed } from '../src/evaluate/matrix.ts';
import { atOnce } from '../src/evaluate/parts.ts';
import { eigenSymmetric, product, rootSymmetric } from './jacobi.ts';

const matrix = (seed: number, rows: number, columns: number) =>
  Float64Array.from(latentBatch(seed, 0, rows, columns));
/** mᵀ · m of a matrix of so many columns. */
const gram = (m: Float64Array, columns: number) => {
  const rows = transposed(m, columns);
  return atOnce(rowProducts(rows, rows, m.length / columns));
};
const apart = (a: Float64Array, b: Float64Array) =>
  Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
const trace = (m: Float64Array, n: number) =>
  m.reduce((sum, x, i) => (i % (n + 1) === 0 ? sum + x : sum), 0);

test('products of rows are those of matrices', () => {
  const [a, b] = [matrix(1, 7, 7), matrix(2, 7, 7)];
  expect(apart(atOnce(rowProducts(a, transposed(b, 7), 7)), product(a, b, 7))).toBeLessThan(1e-13);
  expect(apart(atOnce(rowProducts(a, a, 7)), product(a, transposed(a, 7), 7))).toBeLessThan(1e-13);
});

test.each([
  [6, 9],
  [6, 6],
  [6, 2],
  [1, 1],
])('a factor of a matrix [%i · %i] squared', (n, rank) => {
  const whole = gram(matrix(1, rank, n), n);
  const f = atOnce(factor(whole, n));
  expect(f).toHaveLength(Math.min(rank, n) * n);
  expect(apart(gram(f, n), whole)).toBeLessThan(1e-13);
});

test('a factor of nothing has no rows', () => {
  expect(atOnce(factor(new Float64Array(9), 3))).toHaveLength(0);
});

describe('the sum of singular values', () => {
  test.each([
    ['a number', [-3], 1, 3],
    ['a diagonal, of any signs and order', [2, 0, 0, 0, -5, 0, 0, 0, 1], 3, 8],
    ['nothing', [0, 0, 0, 0], 2, 0],
    ['a column', [3, 4], 1, 5],
    ['a row', [3, 4], 2, 5],
    // Eigenvalues of its square are 45 and 5.
    ['a matrix worked out by hand', [3, 0, 4, 5], 2, Math.sqrt(45) + Math.sqrt(5)],
    ['a reflection', [0, 1, 0, 1, 0, 0, 0, 0, 1], 3, 3],
    ['rank 1', [1, 2, 2, 4, 3, 6], 2, Math.sqrt(14 * 5)],
  ] as const)('of %s', (_, numbers, columns, expected) => {
    expect(atOnce(nuclearNorm(Float64Array.from(numbers), columns))).toBeCloseTo(expected, 12);
  });

  test.each([
    [40, 40],
    [30, 11],
    [9, 25],
  ])('of [%i · %i] is that of the roots of its square’s eigenvalues', (rows, columns) => {
    const m = matrix(3, rows, columns);
    const { values } = eigenSymmetric(gram(m, columns), columns);
    const expected = values.reduce((sum, x) => sum + Math.sqrt(Math.max(x, 0)), 0);
    expect(atOnce(nuclearNorm(m, columns)) / expected).toBeCloseTo(1, rows < columns ? 6 : 12);
  });
});

test.each([
  [24, 200],
  [24, 25],
])('the Fréchet distance of %i features of %i images is that of the formula', (dim, count) => {
  const [real, generated] = [1, 2].map((seed) =>
    // Of a ReLU, each of another spread: they are correlated, and some are always 0.
    latentBatch(seed, 0, count, dim).map((x, i, all) =>
      i % dim === 5 ? 0 : Math.max(0, ((x + all[i - (i % 3)]! / 2) * (seed + (i % 7))) / 3),
    ),
  ) as [Float32Array, Float32Array];
  const [a, b] = [real, generated].map((set) => {
    const mean = new Float64Array(dim);
    for (const [i, x] of set.entries()) mean[i % dim]! += x / count;
    const centred = Float64Array.from(set, (x, i) => (x - mean[i % dim]!) / Math.sqrt(count - 1));
    return { mean, covariance: gram(centred, dim) };
  }) as [Record<'mean' | 'covariance', Float64Array>, Record<'mean' | 'covariance', Float64Array>];
  const root = rootSymmetric(a.covariance, dim);
  const inner = product(product(root, b.covariance, dim), root, dim);
  const expected =
    a.mean.reduce((sum, x, i) => sum + (x - b.mean[i]!) ** 2, 0) +
    trace(a.covariance, dim) +
    trace(b.covariance, dim) -
    2 * trace(rootSymmetric(inner, dim), dim);
  const got = atOnce(atOnce(frechetTo(real, dim))(generated));
  expect(Math.abs(got / expected - 1)).toBeLessThan(1e-7);
});
