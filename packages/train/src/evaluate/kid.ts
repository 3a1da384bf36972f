/** The kernel inception distance (Bińkowski et al. 2018): unbiased squared MMD with the kernel (x·y/dim + 1)³. */

/** Of n ≥ 2 rows of features each, [n, dim]. */
export function kernelDistance(real: Float32Array, generated: Float32Array, dim: number): number {
  const m = real.length / dim;
  const n = generated.length / dim;
  const within = (set: Float32Array, count: number) =>
    (kernelSum(set, set, dim) - kernelTrace(set, dim)) / (count * (count - 1));
  return within(real, m) + within(generated, n) - (2 * kernelSum(real, generated, dim)) / (m * n);
}

function kernel(a: Float32Array, i: number, b: Float32Array, j: number, dim: number): number {
  let dot = 0;
  for (let k = 0; k < dim; k++) dot += a[i + k]! * b[j + k]!;
  const base = dot / dim + 1;
  return base * base * base;
}

function kernelSum(a: Float32Array, b: Float32Array, dim: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += dim) {
    for (let j = 0; j < b.length; j += dim) sum += kernel(a, i, b, j, dim);
  }
  return sum;
}

function kernelTrace(a: Float32Array, dim: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += dim) sum += kernel(a, i, a, i, dim);
  return sum;
}
