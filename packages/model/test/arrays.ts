/** Arrays of any rank in plain double arithmetic. */

/** Row-major, [N, ...]. */
export interface Batch {
  shape: readonly number[];
  data: ArrayLike<number>;
}

/** The element at an index; 0 outside, as padding and kernels have it. */
export function at({ shape, data }: Batch, ...index: number[]): number {
  let offset = 0;
  for (const [axis, size] of shape.entries()) {
    if (!(index[axis]! >= 0 && index[axis]! < size)) return 0;
    offset = offset * size + index[axis]!;
  }
  return data[offset]!;
}

export function tabulate(shape: readonly number[], value: (index: number[]) => number): Batch {
  return { shape, data: indices(shape).map(value) };
}

export function map({ shape, data }: Batch, f: (value: number) => number): Batch {
  return { shape, data: Array.from(data, f) };
}

/** All indices of a shape, the last axis fastest. */
export function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, size) => all.flatMap((index) => range(size).map((i) => [...index, i])),
    [[]],
  );
}

export function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}

export function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
