/** The models that the cases of the suite run. */
import {
  buildModel,
  constant,
  type DType,
  encodeModel,
  float32,
  input,
  ops,
  scalar,
  type Value,
} from '@ganport/onnx';

export function modelOf(
  inputs: readonly Value[],
  outputs: Readonly<Record<string, Value>>,
): Uint8Array {
  return encodeModel(buildModel({ name: 'case', inputs, outputs }));
}

/** sum ← sum + x, both [2, 3]; `doubled` is twice the new sum. */
export function accumulator(): Uint8Array {
  const [x, sum] = [input('x', 'float32', [2, 3]), input('sum', 'float32', [2, 3])];
  const next = ops.Add(sum, x);
  return modelOf([x, sum], { sum_next: next, doubled: ops.Mul(next, scalar(2)) });
}

export const ACCUMULATOR = { state: { sum: 'sum_next' } };

/** An x for the accumulator: 1, 2, …, 6 times `factor`. */
export const ramp = (factor: number) =>
  float32(
    [1, 2, 3, 4, 5, 6].map((value) => value * factor),
    [2, 3],
  );

/** a and b, both [2, 2], change places in each run. */
export function exchange(dtype: DType): Uint8Array {
  const [a, b] = [input('a', dtype, [2, 2]), input('b', dtype, [2, 2])];
  return modelOf([a, b], { a_next: ops.Identity(b), b_next: ops.Identity(a) });
}

/** x [SIDE, SIDE] through so many matrix products that keep its mean; sum [] ← sum + that mean. */
export function slow(products: number): Uint8Array {
  const [x, sum] = [input('x', 'float32', [SIDE, SIDE]), input('sum', 'float32', [])];
  const average = constant(
    float32(new Float32Array(SIDE * SIDE).fill(1 / SIDE), [SIDE, SIDE]),
    'average',
  );
  let y = x;
  for (let i = 0; i < products; i += 1) y = ops.MatMul(y, average);
  return modelOf([x, sum], { sum_next: ops.Add(sum, ops.mean(y)) });
}

export const SIDE = 256;
