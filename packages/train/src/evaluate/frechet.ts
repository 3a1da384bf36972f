/** The Fréchet distance of features (Heusel et al. 2017). */
import { factor, nuclearNorm, rowProducts } from './matrix.ts';
import type { Parts } from './parts.ts';

interface Moments {
  /** [dim]. */
  mean: Float64Array;
  /** Of the covariance, of n − 1 degrees of freedom. */
  trace: number;
  /** F [rank · dim]: the covariance is Fᵀ · F. */
  factor: Float64Array;
}

/** Of n ≥ 2 rows of features [n, dim]. */
function* momentsOf(features: Float32Array, dim: number): Parts<Moments> {
  const count = features.length / dim;
  const mean = new Float64Array(dim);
  for (let i = 0; i < features.length; i++) mean[i % dim]! += features[i]! / count;
  // [dim · n], so that the covariance is products of rows.
  const centred = new Float64Array(features.length);
  const scale = 1 / Math.sqrt(count - 1);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < dim; i++) {
      centred[i * count + row] = (features[row * dim + i]! - mean[i]!) * scale;
    }
  }
  const covariance = yield* rowProducts(centred, centred, count);
  let trace = 0;
  for (let i = 0; i < dim; i++) trace += covariance[i * dim + i]!;
  return { mean, trace, factor: yield* factor(covariance, dim) };
}

/**
 * The distance of many sets to one: |μ₁ − μ₂|² + tr(C₁ + C₂ − 2 (C₁C₂)^½). With C₁ = Fᵀ F and C₂ = Gᵀ G the eigenvalues of
 * C₁C₂ are the squares of F Gᵀ's singular values, so the last trace is their sum: also where fewer images than
 * features leave a covariance without full rank.
 */
export function* frechetTo(
  real: Float32Array,
  dim: number,
): Parts<(generated: Float32Array) => Parts<number>> {
  const a = yield* momentsOf(real, dim);
  return function* (generated) {
    const b = yield* momentsOf(generated, dim);
    const columns = b.factor.length / dim;
    const products = yield* rowProducts(a.factor, b.factor, dim);
    const root = columns === 0 ? 0 : yield* nuclearNorm(products, columns);
    const moved = a.mean.reduce((sum, x, i) => sum + (x - b.mean[i]!) ** 2, 0);
    return Math.max(moved + a.trace + b.trace - 2 * root, 0);
  };
}
