/** A cheap score of how far generated images are from real ones, to choose the best checkpoint. */
import { normalQuantile, randomSequence, STREAM } from '@ganport/model';

export interface SlicedWassersteinOptions {
  /** Number of random directions. */
  projections?: number;
  seed?: number;
}

/**
 * The sliced 1-Wasserstein distance between two sets of n vectors of `dim` numbers each: the mean,
 * over random unit directions, of the mean distance between the sorted projections (Rabin, Peyré,
 * Delon & Bernot 2011; with L1 in place of L2). 0 for equal sets; in the vectors' own units.
 */
export function slicedWasserstein(
  a: Float32Array,
  b: Float32Array,
  dim: number,
  options?: SlicedWassersteinOptions,
): number {
  return slicedWassersteinTo(a, dim, options)(b);
}

/** The same of one set to many. */
export function slicedWassersteinTo(
  a: Float32Array,
  dim: number,
  { projections = 64, seed = 0 }: SlicedWassersteinOptions = {},
): (b: Float32Array) => number {
  const { uniform } = randomSequence(seed, STREAM.projections, 0);
  const count = a.length / dim;
  const sides = Array.from({ length: projections }, () => {
    const direction = Float64Array.from({ length: dim }, () => normalQuantile(uniform()));
    const length = Math.sqrt(direction.reduce((sum, x) => sum + x * x, 0));
    return { direction, length, sorted: project(a, direction, length).sort() };
  });
  return (b) => {
    let total = 0;
    for (const { direction, length, sorted } of sides) {
      const t = project(b, direction, length).sort();
      for (let i = 0; i < count; i++) total += Math.abs(sorted[i]! - t[i]!);
    }
    return total / (projections * count);
  };
}

function project(set: Float32Array, direction: Float64Array, length: number): Float64Array {
  const dim = direction.length;
  return Float64Array.from({ length: set.length / dim }, (_, row) => {
    let dot = 0;
    for (let i = 0; i < dim; i++) dot += set[row * dim + i]! * direction[i]!;
    return dot / length;
  });
}
