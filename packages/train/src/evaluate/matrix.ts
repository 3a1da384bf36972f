/**
 * Matrices in double precision, row by row, of as many rows as features have numbers: 2,048 of Inception's.
 * What is O(n³) here goes along rows, with few passes through memory.
 */
import type { Parts } from './parts.ts';

/** The products of each row of `a` with each of `b`, a · bᵀ: [p · q] of [p · length] and [q · length]. */
export function* rowProducts(
  a: Float64Array,
  b: Float64Array,
  length: number,
): Parts<Float64Array> {
  const [p, q] = [a.length / length, b.length / length];
  const out = new Float64Array(p * q);
  for (let i = 0; i < p; i += 2) {
    yield;
    // A product with itself is symmetric: half of it is enough.
    const most = a === b ? Math.min(i + 2, q) : q;
    let j = 0;
    if (i + 1 < p) {
      for (; j + 3 <= most; j += 3) sixProducts(out, i * q + j, q, a, i, b, j, length);
    }
    for (; j < most; j++) {
      out[i * q + j] = dot(a, i * length, b, j * length, length);
      if (i + 1 < p) out[(i + 1) * q + j] = dot(a, (i + 1) * length, b, j * length, length);
    }
    if (a === b) {
      for (let k = 0; k < most; k++) {
        out[k * q + i] = out[i * q + k]!;
        if (i + 1 < p) out[k * q + i + 1] = out[(i + 1) * q + k]!;
      }
    }
  }
  return out;
}

/** Of two rows from `i` on with three from `j` on: five numbers are read for six products. */
function sixProducts(
  out: Float64Array,
  at: number,
  columns: number,
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  length: number,
): void {
  const [a0, a1] = [i * length, (i + 1) * length];
  const [b0, b1, b2] = [j * length, (j + 1) * length, (j + 2) * length];
  let [s00, s01, s02, s10, s11, s12] = [0, 0, 0, 0, 0, 0];
  for (let k = 0; k < length; k++) {
    const x = a[a0 + k]!;
    const y = a[a1 + k]!;
    const u = b[b0 + k]!;
    const v = b[b1 + k]!;
    const w = b[b2 + k]!;
    s00 += x * u;
    s01 += x * v;
    s02 += x * w;
    s10 += y * u;
    s11 += y * v;
    s12 += y * w;
  }
  out[at] = s00;
  out[at + 1] = s01;
  out[at + 2] = s02;
  out[at + columns] = s10;
  out[at + columns + 1] = s11;
  out[at + columns + 2] = s12;
}

function dot(a: Float64Array, i: number, b: Float64Array, j: number, length: number): number {
  // Two sums, as each addition would wait for the one before it.
  let [even, odd] = [0, 0];
  let k = 0;
  for (; k + 2 <= length; k += 2) {
    even += a[i + k]! * b[j + k]!;
    odd += a[i + k + 1]! * b[j + k + 1]!;
  }
  return k < length ? even + odd + a[i + k]! * b[j + k]! : even + odd;
}

export function transposed(matrix: Float64Array, columns: number): Float64Array {
  const rows = matrix.length / columns;
  const out = new Float64Array(matrix.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j]!;
  }
  return out;
}

/**
 * Cholesky's factor with complete pivoting (Higham, "Accuracy and stability of numerical algorithms", 10.3)
 * of a symmetric matrix [n · n] without negative eigenvalues: F [rank · n] with Fᵀ · F = matrix. What is left
 * when all pivots are rounding counts as 0.
 */
export function* factor(matrix: Float64Array, n: number): Parts<Float64Array> {
  const rows = new Float64Array(n * n);
  const left = Float64Array.from({ length: n }, (_, i) => matrix[i * n + i]!);
  const done = new Uint8Array(n);
  const least = n * Number.EPSILON * left.reduce((most, x) => Math.max(most, x), 0);
  let rank = 0;
  for (; rank < n; rank++) {
    yield;
    let pivot = -1;
    for (let i = 0; i < n; i++) {
      if (!done[i] && left[i]! > (pivot < 0 ? least : left[pivot]!)) pivot = i;
    }
    if (pivot < 0) break;
    done[pivot] = 1;
    const root = Math.sqrt(left[pivot]!);
    rows[pivot * n + rank] = root;
    for (let i = 0; i < n; i++) {
      if (done[i]) continue;
      const x = (matrix[i * n + pivot]! - dot(rows, i * n, rows, pivot * n, rank)) / root;
      rows[i * n + rank] = x;
      left[i]! -= x * x;
    }
  }
  return transposed(rows, n).subarray(0, rank * n);
}

/** The sum of the singular values of a matrix [rows · columns], which is lost. */
export function* nuclearNorm(matrix: Float64Array, columns: number): Parts<number> {
  if (matrix.length === 0) return 0;
  const tall = matrix.length >= columns * columns;
  const { diagonal, above } = yield* tall
    ? bidiagonal(matrix, columns)
    : bidiagonal(transposed(matrix, columns), matrix.length / columns);
  // Each singular value and its negative are eigenvalues of a symmetric matrix that has these beside an empty diagonal
  // (Golub & Kahan 1965): none is squared, so small ones keep their digits.
  const beside = Float64Array.from({ length: 2 * diagonal.length - 1 }, (_, i) =>
    i % 2 === 0 ? diagonal[i / 2]! : above[(i - 1) / 2]!,
  );
  const values = tridiagonalEigenvalues(new Float64Array(2 * diagonal.length), beside);
  return values.reduce((sum, x) => sum + Math.abs(x), 0) / 2;
}

interface Bidiagonal {
  /** [columns]. */
  diagonal: Float64Array;
  /** [columns], of which the last is 0. */
  above: Float64Array;
}

/**
 * The bidiagonal matrix with the same singular values, by Householder's reflections (Golub & Van Loan, "Matrix computations",
 * 5.4). What the reflections of a column and a row take off, v wᵀ + z uᵀ, is taken off when the next one passes.
 * @param a [rows · columns], rows ≥ columns
 */
function* bidiagonal(a: Float64Array, columns: number): Parts<Bidiagonal> {
  const rows = a.length / columns;
  const [diagonal, above] = [new Float64Array(columns), new Float64Array(columns)];
  let [v, z] = [new Float64Array(rows), new Float64Array(rows)];
  let [w, u] = [new Float64Array(columns), new Float64Array(columns)];
  for (let k = 0; k < columns; k++) {
    yield;
    const column = new Float64Array(rows);
    for (let i = k; i < rows; i++) {
      column[i] = a[i * columns + k]! - v[i]! * w[k]! - z[i]! * u[k]!;
    }
    const left = reflector(column, k);
    diagonal[k] = left.value;
    const along = new Float64Array(columns);
    for (let i = k; i < rows; i++) {
      takeOff(a, i * columns, k + 1, v[i]!, w, z[i]!, u, column[i]! * left.scale, along);
    }
    [v, w] = [column, along];
    const row = new Float64Array(columns);
    for (let j = k + 1; j < columns; j++) row[j] = a[k * columns + j]! - v[k]! * w[j]!;
    const right = k + 1 < columns ? reflector(row, k + 1) : { value: 0, scale: 0 };
    above[k] = right.value;
    const across = dot(w, k + 1, row, k + 1, columns - k - 1);
    z = new Float64Array(rows);
    for (let i = k + 1; i < rows; i++) {
      const x = dot(a, i * columns + k + 1, row, k + 1, columns - k - 1);
      z[i] = right.scale * (x - v[i]! * across);
    }
    u = row;
  }
  return { diagonal, above };
}

/** Takes v w + z u off a row of `a` from a column on, and adds `times` what is left of it to `along`. */
function takeOff(
  a: Float64Array,
  at: number,
  from: number,
  v: number,
  w: Float64Array,
  z: number,
  u: Float64Array,
  times: number,
  along: Float64Array,
): void {
  for (let j = from; j < along.length; j++) {
    const x = a[at + j]! - v * w[j]! - z * u[j]!;
    a[at + j] = x;
    along[j]! += times * x;
  }
}

/**
 * Makes x, 0 before `first`, the vector of the reflection I − scale · x xᵀ that leaves of it only its element `first`,
 * which becomes `value`.
 */
function reflector(x: Float64Array, first: number): { value: number; scale: number } {
  const squares = dot(x, first, x, first, x.length - first);
  if (squares === 0) return { value: 0, scale: 0 };
  const value = x[first]! < 0 ? Math.sqrt(squares) : -Math.sqrt(squares);
  const scale = 1 / (squares - x[first]! * value);
  x[first]! -= value;
  return { value, scale };
}

/** Passes over a part of the matrix; two to three are usual for each eigenvalue. */
const PASSES = 50;

/**
 * The eigenvalues of a symmetric matrix with this diagonal [n] and these numbers beside it [n − 1], by QL with implicit
 * shifts (Dubrulle, Martin & Wilkinson 1968).
 */
function tridiagonalEigenvalues(diagonal: Float64Array, beside: Float64Array): Float64Array {
  const n = diagonal.length;
  const [d, e] = [diagonal.slice(), new Float64Array(n)];
  e.set(beside);
  const most = [...d, ...e].reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  for (let first = 0; first < n; first++) {
    for (let pass = 0; ; pass++) {
      let last = first;
      while (last < n - 1 && Math.abs(e[last]!) > Number.EPSILON * most) last++;
      if (last === first) break;
      if (pass === PASSES) throw new Error('eigenvalues were not found: numbers are not finite');
      chase(d, e, first, last);
    }
  }
  return d;
}

/** One pass of QL over the rows from `first` to `last`. */
function chase(d: Float64Array, e: Float64Array, first: number, last: number): void {
  const half = (d[first + 1]! - d[first]!) / (2 * e[first]!);
  const long = Math.sqrt(half * half + 1);
  let g = d[last]! - d[first]! + e[first]! / (half + (half < 0 ? -long : long));
  let [sine, cosine, shift] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const f = sine * e[i]!;
    const b = cosine * e[i]!;
    const r = Math.sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= shift;
      e[last] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = d[i + 1]! - shift;
    const s = (d[i]! - g) * sine + 2 * cosine * b;
    shift = sine * s;
    d[i + 1] = g + shift;
    g = cosine * s - b;
  }
  d[first]! -= shift;
  e[first] = g;
  e[last] = 0;
}
