/** How far sets of vectors are apart, seen along random directions: there, sorting pairs them. */
import { normalQuantile, randomSequence, STREAM } from '@ganport/model';

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
export function slicedWasserstein(
  a: Float32Array,
  b: Float32Array,
  dim: number,
  options?: SliceOptions,
): number {
  return slicedWassersteinTo(a, dim, options)(b);
}

/** The same of one set to many: a cheap score, to choose the best checkpoint. */
export function slicedWassersteinTo(
  a: Float32Array,
  dim: number,
  { projections = 64, seed = 0 }: SliceOptions = {},
): (b: Float32Array) => number {
  return slicesTo(a, dim, { projections, seed, cost: Math.abs });
}

/**
 * The Monge inception distance (Berthet et al. 2026, arXiv:2605.06797) of many sets to one, of n rows
 * of features [n, dim] each: 3 · dim times the mean, over random unit directions, of the mean square between
 * the sorted projections. In the units of the Fréchet distance: a set moved by v is 3 |v|² away.
 */
export function mongeTo(
  a: Float32Array,
  dim: number,
  { projections = 1000, seed = 0 }: SliceOptions = {},
): (b: Float32Array) => number {
  const to = slicesTo(a, dim, { projections, seed, cost: (x) => x * x });
  return (b) => 3 * dim * to(b);
}

interface Slices extends Required<SliceOptions> {
  /** Of a difference between what sorting has paired. */
  cost(difference: number): number;
}

function slicesTo(a: Float32Array, dim: number, { projections, seed, cost }: Slices) {
  const { uniform } = randomSequence(seed, STREAM.projections, 0);
  const count = a.length / dim;
  const sides = Array.from({ length: projections }, () => {
    const direction = Float64Array.from({ length: dim }, () => normalQuantile(uniform()));
    const length = Math.sqrt(direction.reduce((sum, x) => sum + x * x, 0));
    return { direction, length, sorted: project(a, direction, length).sort() };
  });
  return (b: Float32Array): number => {
    let total = 0;
    for (const { direction, length, sorted } of sides) {
      const t = project(b, direction, length).sort();
      for (let i = 0; i < count; i++) total += cost(sorted[i]! - t[i]!);
    }
    return total / (projections * count);
  };
}

function project(set: Float32Array, direction: Float64Array, length: number): Float64Array {
  const dim = direction.length;
  const out = new Float64Array(set.length / dim);
  for (let row = 0, at = 0; row < out.length; row++, at += dim) {
    // Four sums, as each addition would wait for the one before it.
    let [first, second, third, fourth] = [0, 0, 0, 0];
    let i = 0;
    for (; i + 4 <= dim; i += 4) {
      first += set[at + i]! * direction[i]!;
      second += set[at + i + 1]! * direction[i + 1]!;
      third += set[at + i + 2]! * direction[i + 2]!;
      fourth += set[at + i + 3]! * direction[i + 3]!;
    }
    for (; i < dim; i++) first += set[at + i]! * direction[i]!;
    out[row] = (first + second + third + fourth) / length;
  }
  return out;
}
