/** The Fréchet distance of features (Heusel et al. 2017). */
import { eigenSymmetric, product, rootSymmetric } from './symmetric.ts';

/** Mean [dim] and covariance [dim · dim], of n − 1 degrees of freedom. */
interface Moments {
  mean: Float64Array;
  covariance: Float64Array;
}

/** Of n ≥ 2 rows of features [n, dim]. */
function momentsOf(features: Float32Array, dim: number): Moments {
  const count = features.length / dim;
  const mean = new Float64Array(dim);
  for (let i = 0; i < features.length; i++) mean[i % dim]! += features[i]! / count;
  const covariance = new Float64Array(dim * dim);
  const row = new Float64Array(dim);
  for (let start = 0; start < features.length; start += dim) {
    for (let i = 0; i < dim; i++) row[i] = features[start + i]! - mean[i]!;
    for (let i = 0; i < dim; i++) {
      const x = row[i]! / (count - 1);
      if (x === 0) continue;
      for (let j = i; j < dim; j++) covariance[i * dim + j]! += x * row[j]!;
    }
  }
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < i; j++) covariance[i * dim + j] = covariance[j * dim + i]!;
  }
  return { mean, covariance };
}

export function frechet(real: Float32Array, generated: Float32Array, dim: number): number {
  return frechetTo(real, dim)(generated);
}

/**
 * The distance of many sets to one: |μ₁ − μ₂|² + tr(C₁ + C₂ − 2 (C₁C₂)^½). The last trace is that of
 * (√C₁ C₂ √C₁)^½, which is symmetric and defined also where fewer images than features leave C₁ or C₂
 * without full rank.
 */
export function frechetTo(real: Float32Array, dim: number): (generated: Float32Array) => number {
  const a = momentsOf(real, dim);
  const root = rootSymmetric(a.covariance, dim);
  return (generated) => {
    const b = momentsOf(generated, dim);
    let distance = 0;
    for (let i = 0; i < dim; i++) {
      distance += (a.mean[i]! - b.mean[i]!) ** 2;
      distance += a.covariance[i * dim + i]! + b.covariance[i * dim + i]!;
    }
    const inner = product(product(root, b.covariance, dim), root, dim);
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j < i; j++) {
        const both = (inner[i * dim + j]! + inner[j * dim + i]!) / 2;
        inner[i * dim + j] = both;
        inner[j * dim + i] = both;
      }
    }
    for (const value of eigenSymmetric(inner, dim).values) {
      distance -= 2 * Math.sqrt(Math.max(value, 0));
    }
    return Math.max(distance, 0);
  };
}
