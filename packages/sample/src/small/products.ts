/** Matrix products. */
import { type Tensor, zeros } from './graph.ts';

/**
 * out[i, j] = Σ a[i, k] · b[j, k]: both operands lie along k. Four rows by two columns at a time keep their sums in
 * registers; sums are doubles.
 */
export function products(
  a: Tensor['data'],
  b: Tensor['data'],
  { rows, columns, depth }: { rows: number; columns: number; depth: number },
): Float32Array {
  const out = zeros([rows, columns]);
  const last = rows * depth - depth;
  for (let i = 0; i < rows; i += 4) {
    const a0 = i * depth;
    // Beyond the last row the last one is computed again, and not written.
    const a1 = Math.min(a0 + depth, last);
    const a2 = Math.min(a0 + 2 * depth, last);
    const a3 = Math.min(a0 + 3 * depth, last);
    const many = Math.min(4, rows - i);
    for (let j = 0; j < columns; j += 2) {
      const b0 = j * depth;
      const b1 = j + 1 < columns ? b0 + depth : b0;
      let s00 = 0;
      let s10 = 0;
      let s20 = 0;
      let s30 = 0;
      let s01 = 0;
      let s11 = 0;
      let s21 = 0;
      let s31 = 0;
      for (let k = 0; k < depth; k += 1) {
        const x0 = b[b0 + k]!;
        const x1 = b[b1 + k]!;
        const w0 = a[a0 + k]!;
        const w1 = a[a1 + k]!;
        const w2 = a[a2 + k]!;
        const w3 = a[a3 + k]!;
        s00 += w0 * x0;
        s10 += w1 * x0;
        s20 += w2 * x0;
        s30 += w3 * x0;
        s01 += w0 * x1;
        s11 += w1 * x1;
        s21 += w2 * x1;
        s31 += w3 * x1;
      }
      const at = i * columns + j;
      const first = [s00, s10, s20, s30];
      const second = [s01, s11, s21, s31];
      for (let row = 0; row < many; row += 1) {
        out[at + row * columns] = first[row]!;
        if (b1 !== b0) out[at + row * columns + 1] = second[row]!;
      }
    }
  }
  return out;
}

/** The other layout of a matrix [rows, columns]. */
export function transposed(data: Tensor['data'], rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < columns; j += 1) out[j * rows + i] = data[i * columns + j]!;
  }
  return out;
}
