/** Eigenvalues by Jacobi's rotations, and what follows from them: slow, and another way than what is tested. */

/** Sweeps of Jacobi's method: convergence is quadratic, and 10 suffice for 512 rows. */
const SWEEPS = 50;

/**
 * Eigenvalues and, as columns, eigenvectors of a symmetric matrix, by Jacobi's rotations (Golub & Van
 * Loan, "Matrix computations", 8.5): accurate to rounding also where eigenvalues are equal or 0.
 */
export function eigenSymmetric(matrix: Float64Array, n: number) {
  const a = matrix.slice();
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  const whole = a.reduce((sum, x) => sum + x * x, 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p * n + q]! ** 2;
    if (!(off > whole * 1e-30)) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, vectors, n, p, q);
  }
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), vectors };
}

/** Makes a[p, q] zero. */
function rotate(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const pq = a[p * n + q]!;
  if (pq === 0) return;
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * pq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q, c, s);
  for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k, c, s);
  for (let k = 0; k < n; k++) turn(vectors, k * n + p, k * n + q, c, s);
}

function turn(m: Float64Array, i: number, j: number, c: number, s: number): void {
  const [x, y] = [m[i]!, m[j]!];
  m[i] = c * x - s * y;
  m[j] = s * x + c * y;
}

/** The square root of a symmetric matrix without negative eigenvalues; those from rounding count as 0. */
export function rootSymmetric(matrix: Float64Array, n: number): Float64Array {
  const { values, vectors } = eigenSymmetric(matrix, n);
  const root = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const value = Math.sqrt(Math.max(values[k]!, 0));
    for (let i = 0; i < n; i++) {
      const scaled = value * vectors[i * n + k]!;
      for (let j = 0; j < n; j++) root[i * n + j]! += scaled * vectors[j * n + k]!;
    }
  }
  return root;
}

export function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const x = a[i * n + k]!;
      for (let j = 0; j < n; j++) out[i * n + j]! += x * b[k * n + j]!;
    }
  }
  return out;
}
