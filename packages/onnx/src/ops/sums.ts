/** Sums over images and pixels, in the forms that onnxruntime's CPU provider is fastest at. */
import { float32 } from '../tensor.ts';
import { constant, type Dim, knownShape, type Value } from '../value.ts';
import { MatMul, ReduceSum } from './linear.ts';
import { Reshape, Transpose } from './shape.ts';

/** Σₙ x[n] of x [N, K]: [1, K]. A product with ones, which takes a third to a half of ReduceSum's time. */
export function sumRows(x: Value): Value {
  const n = x.shape[0]!;
  if (typeof n === 'string') return ReduceSum(x, { axes: [0], keepdims: true });
  return MatMul(constant(float32(new Float32Array(n).fill(1), [1, n])), x);
}

/**
 * The sum over all axes but the channels', the second: [C]. In two stages, the first over one axis:
 * on two threads twice as fast as over height and width.
 */
export function sumPerChannel(x: Value): Value {
  const [n, c, ...inner] = x.shape as [Dim, Dim, ...Dim[]];
  if (inner.length === 0) return Reshape(sumRows(x), [c]);
  const area = knownShape(inner, 'a sum per channel').reduce((a, b) => a * b, 1);
  return Reshape(sumRows(ReduceSum(Reshape(x, [n, c, area]), { axes: [2] })), [c]);
}

/** Σₙ a[n] · b[n]ᵀ of a [N, P, K] and b [N, Q, K]: [P, Q]. */
export function sumOfProducts(a: Value, b: Value): Value {
  const [p, q] = [a, b].map(({ shape }) => shape[1] as number) as [number, number];
  const each = MatMul(a, Transpose(b, [0, 2, 1]));
  return Reshape(sumRows(Reshape(each, [each.shape[0]!, p * q])), [p, q]);
}
