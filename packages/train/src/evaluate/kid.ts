/** The kernel inception distance (Bińkowski et al. 2018): unbiased squared MMD with the kernel (x·y/dim + 1)³. */
import { permutation, STREAM } from '@ganport/model';
import { rowProducts } from './matrix.ts';
import type { Parts } from './parts.ts';

/** Of n ≥ 2 rows of features each, [n, dim], in memory of n² numbers. */
export function* kernelDistance(
  real: Float32Array,
  generated: Float32Array,
  dim: number,
): Parts<number> {
  const [a, b] = [Float64Array.from(real), Float64Array.from(generated)];
  const own = (yield* within(a, dim)) + (yield* within(b, dim));
  return own - 2 * (yield* between(a, b, dim));
}

/** The paper takes 100 subsets of 1,000: the mean of fewer is nearly as sure, as pictures recur in them. */
const SUBSETS = 20;
const SUBSET = 1000;

export interface KernelDistances {
  /** Of each subset. Of sets of one distribution 0 is expected: most are a little below it, a few far above. */
  distances: number[];
  /** The same of `others` in place of `generated`. */
  floors: number[];
}

/**
 * The distances of random subsets, as the paper has it: at most 1,000 rows of each set, and at most half.
 * @param real features [n, dim], as are `generated` and `others`, which are real too
 */
export function* kernelDistances(
  real: Float32Array,
  generated: Float32Array,
  others: Float32Array,
  dim: number,
): Parts<KernelDistances> {
  const count = real.length / dim;
  const size = Math.min(SUBSET, Math.floor(count / 2));
  const result: KernelDistances = { distances: [], floors: [] };
  for (let i = 0; i < SUBSETS; i++) {
    const [a, b, c] = [real, generated, others].map((set, which) => {
      const order = permutation(which, i, count, STREAM.evaluation);
      return rowsAt(set, order.subarray(0, size), dim);
    }) as [Float64Array, Float64Array, Float64Array];
    const own = yield* within(a, dim);
    result.distances.push(own + (yield* within(b, dim)) - 2 * (yield* between(a, b, dim)));
    result.floors.push(own + (yield* within(c, dim)) - 2 * (yield* between(a, c, dim)));
  }
  return result;
}

function rowsAt(set: Float32Array, rows: Uint32Array, dim: number): Float64Array {
  const out = new Float64Array(rows.length * dim);
  rows.forEach((row, i) => {
    out.set(set.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  return out;
}

/** The mean kernel of two different rows. */
function* within(set: Float64Array, dim: number): Parts<number> {
  const count = set.length / dim;
  const products = yield* rowProducts(set, set, dim);
  let own = 0;
  for (let i = 0; i < count; i++) own += kernel(products[i * count + i]!, dim);
  return (kernels(products, dim) - own) / (count * (count - 1));
}

/** The mean kernel of a row of each. */
function* between(a: Float64Array, b: Float64Array, dim: number): Parts<number> {
  const products = yield* rowProducts(a, b, dim);
  return kernels(products, dim) / products.length;
}

function kernels(products: Float64Array, dim: number): number {
  let sum = 0;
  for (const product of products) sum += kernel(product, dim);
  return sum;
}

function kernel(product: number, dim: number): number {
  const base = product / dim + 1;
  return base * base * base;
}
