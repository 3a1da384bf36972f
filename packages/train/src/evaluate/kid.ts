/** The kernel inception distance (Bińkowski et al. 2018): unbiased squared MMD with the kernel (x·y/dim + 1)³. */
import { permutation, STREAM } from '@ganport/model';
import type { Parts } from './parts.ts';

/** Of n ≥ 2 rows of features each, [n, dim]. */
export function* kernelDistance(
  real: Float32Array,
  generated: Float32Array,
  dim: number,
): Parts<number> {
  const own = (yield* within(real, dim)) + (yield* within(generated, dim));
  return own - 2 * (yield* between(real, generated, dim));
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
    }) as [Float32Array, Float32Array, Float32Array];
    const own = yield* within(a, dim);
    result.distances.push(own + (yield* within(b, dim)) - 2 * (yield* between(a, b, dim)));
    result.floors.push(own + (yield* within(c, dim)) - 2 * (yield* between(a, c, dim)));
  }
  return result;
}

function rowsAt(set: Float32Array, rows: Uint32Array, dim: number): Float32Array {
  const out = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    out.set(set.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  return out;
}

/** The mean kernel of two different rows. */
function* within(set: Float32Array, dim: number): Parts<number> {
  const count = set.length / dim;
  let sum = 0;
  for (let i = 0; i < set.length; i += dim) {
    yield;
    sum += kernels(set, i, set, i, dim);
  }
  return (2 * sum) / (count * (count - 1));
}

/** The mean kernel of a row of each. */
function* between(a: Float32Array, b: Float32Array, dim: number): Parts<number> {
  let sum = 0;
  for (let i = 0; i < a.length; i += dim) {
    yield;
    sum += kernels(a, i, b, b.length, dim);
  }
  return sum / ((a.length / dim) * (b.length / dim));
}

/** The sum of the kernels of a row of `a`, at `i`, with those of `b` that end before `end`. */
function kernels(a: Float32Array, i: number, b: Float32Array, end: number, dim: number): number {
  let sum = 0;
  for (let j = 0; j < end; j += dim) sum += kernel(a, i, b, j, dim);
  return sum;
}

function kernel(a: Float32Array, i: number, b: Float32Array, j: number, dim: number): number {
  // Four sums, as each addition would wait for the one before it.
  let [even, odd, third, fourth] = [0, 0, 0, 0];
  let k = 0;
  for (; k + 4 <= dim; k += 4) {
    even += a[i + k]! * b[j + k]!;
    odd += a[i + k + 1]! * b[j + k + 1]!;
    third += a[i + k + 2]! * b[j + k + 2]!;
    fourth += a[i + k + 3]! * b[j + k + 3]!;
  }
  for (; k < dim; k++) even += a[i + k]! * b[j + k]!;
  const base = (even + odd + third + fourth) / dim + 1;
  return base * base * base;
}
