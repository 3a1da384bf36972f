import type { TypedArray } from '@ganport/onnx';
import { expect } from 'vitest';

/** No two are the same. */
export function expectApart(arrays: readonly (TypedArray | readonly number[])[]): void {
  const distinct = new Set(arrays.map((array) => array.join()));
  expect(distinct.size).toBe(arrays.length);
}

export const filled = ({ length }: TypedArray, value: number) =>
  new Float32Array(length).fill(value);
