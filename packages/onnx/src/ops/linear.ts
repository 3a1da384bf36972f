/** Matrix products and sums. */
import { OnnxError } from '../error.ts';
import { expectAxis, ints, knownDim, makeValue, scalar, showShape, type Value } from '../value.ts';
import { broadcast, Identity, Mul } from './elementwise.ts';

/** Matrix product [..., M, K] × [..., K, N] → [..., M, N]; the leading dimensions broadcast. */
export function MatMul(a: Value, b: Value): Value {
  if (a.rank < 2 || b.rank < 2 || a.shape.at(-1) !== b.shape.at(-2)) {
    throw new OnnxError(
      `MatMul: shapes ${showShape(a.shape)} and ${showShape(b.shape)} do not fit`,
    );
  }
  const batch = broadcast('MatMul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  return makeValue('MatMul', [a, b], {}, a.dtype, [...batch, a.shape.at(-2)!, b.shape.at(-1)!]);
}

export interface GemmOptions {
  transA?: boolean;
  transB?: boolean;
}

/** a' × b' + c for matrices, where ' transposes if asked; c broadcasts to the result. */
export function Gemm(
  a: Value,
  b: Value,
  c?: Value,
  { transA = false, transB = false }: GemmOptions = {},
): Value {
  const [m, k] = transA ? [a.shape[1], a.shape[0]] : a.shape;
  const [k2, n] = transB ? [b.shape[1], b.shape[0]] : b.shape;
  if (a.rank !== 2 || b.rank !== 2 || k !== k2) {
    const got = `${showShape(a.shape)}${transA ? "'" : ''} and ${showShape(b.shape)}${transB ? "'" : ''}`;
    throw new OnnxError(`Gemm: shapes ${got} do not fit`);
  }
  const shape = [m!, n!];
  if (c && showShape(broadcast('Gemm', shape, c.shape)) !== showShape(shape)) {
    throw new OnnxError(`Gemm: ${showShape(c.shape)} does not broadcast to ${showShape(shape)}`);
  }
  const inputs = c ? [a, b, c] : [a, b];
  const attributes = { transA: Number(transA), transB: Number(transB) };
  return makeValue('Gemm', inputs, attributes, a.dtype, shape);
}

export interface ReduceOptions {
  /** The axes summed over; all by default. */
  axes?: readonly number[];
  keepdims?: boolean;
}

/** Sum over axes. */
export function ReduceSum(
  x: Value,
  { axes = x.shape.map((_, i) => i), keepdims = false }: ReduceOptions = {},
): Value {
  for (const axis of axes) expectAxis(x, axis, 'ReduceSum');
  // ONNX would take no axes for all of them.
  if (axes.length === 0) return Identity(x);
  const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const shape = keepdims ? kept : kept.filter((_, axis) => !axes.includes(axis));
  return makeValue('ReduceSum', [x, ints(axes)], { keepdims: Number(keepdims) }, x.dtype, shape);
}

/** Mean over axes of known size. */
export function mean(x: Value, options: ReduceOptions = {}): Value {
  const axes = options.axes ?? x.shape.map((_, i) => i);
  const count = axes.reduce((n, axis) => n * knownDim(x, axis, 'mean'), 1);
  return Mul(ReduceSum(x, options), scalar(1 / count));
}
