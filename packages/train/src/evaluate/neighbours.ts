/**
 * What nearest neighbours tell of features: precision and recall (Kynkäänniemi et al. 2019, k = 3), density
 * and coverage (Naeem et al. 2020, k = 5).
 */
import type { Parts } from './parts.ts';

export interface Neighbourhoods {
  precision: number;
  recall: number;
  density: number;
  coverage: number;
}

/** Of more than 5 rows of features each, [n, dim], in memory of a few numbers a row. */
export function* neighbourhoods(
  real: Float32Array,
  generated: Float32Array,
  dim: number,
): Parts<Neighbourhoods> {
  const [n, m] = [real.length / dim, generated.length / dim];
  const realRadii = yield* radii(real, dim);
  const generatedRadii = yield* radii(generated, dim);
  let [precise, recalled, dense, covered] = [0, 0, 0, 0];
  const found = new Uint8Array(m);
  for (let i = 0; i < n; i++) {
    yield;
    let [nearest, within] = [Number.POSITIVE_INFINITY, false];
    for (let j = 0; j < m; j++) {
      const d = squared(real, i * dim, generated, j * dim, dim);
      if (d <= realRadii.third[i]!) found[j] = 1;
      if (d <= generatedRadii.third[j]!) within = true;
      if (d < realRadii.fifth[i]!) dense += 1;
      if (d < nearest) nearest = d;
    }
    if (within) recalled += 1;
    if (nearest < realRadii.fifth[i]!) covered += 1;
  }
  for (const one of found) precise += one;
  return {
    precision: precise / m,
    recall: recalled / n,
    density: dense / (5 * m),
    coverage: covered / n,
  };
}

interface Radii {
  third: Float64Array;
  fifth: Float64Array;
}

/** Squared distances of each row to its third and its fifth nearest other. */
function* radii(set: Float32Array, dim: number): Parts<Radii> {
  const count = set.length / dim;
  const [third, fifth] = [new Float64Array(count), new Float64Array(count)];
  for (let i = 0; i < count; i++) {
    yield;
    const nearest = [Infinity, Infinity, Infinity, Infinity, Infinity];
    for (let j = 0; j < count; j++) {
      if (j === i) continue;
      const d = squared(set, i * dim, set, j * dim, dim);
      if (!(d < nearest[4]!)) continue;
      let at = 4;
      for (; at > 0 && nearest[at - 1]! > d; at--) nearest[at] = nearest[at - 1]!;
      nearest[at] = d;
    }
    third[i] = nearest[2]!;
    fifth[i] = nearest[4]!;
  }
  return { third, fifth };
}

function squared(a: Float32Array, i: number, b: Float32Array, j: number, dim: number): number {
  let sum = 0;
  for (let k = 0; k < dim; k++) sum += (a[i + k]! - b[j + k]!) ** 2;
  return sum;
}
