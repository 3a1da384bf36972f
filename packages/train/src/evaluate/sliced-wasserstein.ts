/** How far sets of vectors are apart, seen along random directions: there, sorting pairs them. */
import { normalQuantile, randomSequence, STREAM } from '@ganport/model';
import { rowProducts } from './matrix.ts';
import type { Parts } from './parts.ts';

export interface SliceOptions {
  /** Number of random directions. */
  projections?: number;
  seed?: number;
}

/**
 * The sliced 1-Wasserstein distance between two sets of n vectors of `dim` numbers each: the mean,
 * over random unit directions, of the mean distance between the sorted projections (Rabin, Peyré,
 * Delon & Bernot 2011; with L1 in place of L2). 0 for equal sets; in the vectors' own units.
 */
export function* slicedWasserstein(
  a: Float32Array,
  b: Float32Array,
  dim: number,
  options?: SliceOptions,
): Parts<number> {
  const to = yield* slicedWassersteinTo(a, dim, options);
  return yield* to(b);
}

/** The same of one set to many: a cheap score, to choose the best checkpoint. */
export function slicedWassersteinTo(
  a: Float32Array,
  dim: number,
  { projections = 64, seed = 0 }: SliceOptions = {},
): Parts<Distance> {
  return slicesTo(a, dim, { projections, seed, cost: Math.abs });
}

/**
 * The Monge inception distance (Berthet et al. 2026, arXiv:2605.06797) of many sets to one, of n rows
 * of features [n, dim] each: 3 · dim times the mean, over random unit directions, of the mean square between
 * the sorted projections. In the units of the Fréchet distance: a set moved by v is 3 |v|² away.
 */
export function* mongeTo(
  a: Float32Array,
  dim: number,
  { projections = 1000, seed = 0 }: SliceOptions = {},
): Parts<Distance> {
  const to = yield* slicesTo(a, dim, { projections, seed, cost: (x) => x * x });
  return function* (b) {
    return 3 * dim * (yield* to(b));
  };
}

type Distance = (b: Float32Array) => Parts<number>;

interface Slices extends Required<SliceOptions> {
  /** Of a difference between what sorting has paired. */
  cost(difference: number): number;
}

function* slicesTo(
  a: Float32Array,
  dim: number,
  { projections, seed, cost }: Slices,
): Parts<Distance> {
  const { uniform } = randomSequence(seed, STREAM.projections, 0);
  const directions = new Float64Array(projections * dim);
  for (let at = 0; at < directions.length; at += dim) {
    const direction = directions.subarray(at, at + dim);
    for (let i = 0; i < dim; i++) direction[i] = normalQuantile(uniform());
    const length = Math.sqrt(direction.reduce((sum, x) => sum + x * x, 0));
    for (let i = 0; i < dim; i++) direction[i]! /= length;
  }
  /** [projections, n]: the set along each direction, in order. */
  const sortedOf = function* (set: Float32Array): Parts<Float64Array> {
    const along = yield* rowProducts(directions, Float64Array.from(set), dim);
    const count = set.length / dim;
    for (let at = 0; at < along.length; at += count) {
      yield;
      along.subarray(at, at + count).sort();
    }
    return along;
  };
  const sorted = yield* sortedOf(a);
  return function* (b) {
    const other = yield* sortedOf(b);
    let total = 0;
    for (let i = 0; i < sorted.length; i++) total += cost(sorted[i]! - other[i]!);
    return total / sorted.length;
  };
}
