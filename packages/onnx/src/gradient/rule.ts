import { MatMul, ReduceSum, Reshape } from '../ops/index.ts';
import { float32 } from '../tensor.ts';
import {
  type Attribute,
  constant,
  type Dim,
  knownShape,
  type Node,
  type Shape,
  type Value,
} from '../value.ts';

/** Builds the gradient of one input; called only where that gradient is needed. */
export type Thunk = () => Value;

/**
 * The vector-Jacobian product of one operator: from the gradients `dys` of the outputs (undefined
 * is zero, but one is defined) to those of the inputs, in order. An input without a thunk has none.
 */
export type Rule = (
  node: Node,
  dys: readonly (Value | undefined)[],
) => readonly (Thunk | undefined)[];

/** The rule of an operator with one output `y`. */
export function rule(
  derive: (
    inputs: readonly Value[],
    dy: Value,
    y: Value,
    attributes: Readonly<Record<string, Attribute>>,
  ) => readonly (Thunk | undefined)[],
): Rule {
  return ({ inputs, outputs, attributes }, dys) =>
    derive(inputs as readonly Value[], dys[0]!, outputs[0]!, attributes);
}

/** Sums `dy` down to `shape`, which was broadcast to dy's: the adjoint of broadcasting. */
export function sumTo(dy: Value, shape: Shape): Value {
  const lead = dy.rank - shape.length;
  const axes = dy.shape.flatMap((dim, axis) =>
    axis < lead || (shape[axis - lead] === 1 && dim !== 1) ? [axis] : [],
  );
  if (axes.length === 0) return lead === 0 ? dy : Reshape(dy, shape);
  const summed =
    dy.rank === 2 && axes.join() === '0' ? sumRows(dy) : ReduceSum(dy, { axes, keepdims: true });
  return lead === 0 ? summed : Reshape(summed, shape);
}

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
export function perChannel(x: Value): Value {
  const [n, c, ...inner] = x.shape as [Dim, Dim, ...Dim[]];
  if (inner.length === 0) return Reshape(sumRows(x), [c]);
  const area = knownShape(inner, 'a sum per channel').reduce((a, b) => a * b, 1);
  return Reshape(sumRows(ReduceSum(Reshape(x, [n, c, area]), { axes: [2] })), [c]);
}
