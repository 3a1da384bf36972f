import { ReduceSum, Reshape, sumRows } from '../ops/index.ts';
import type { Attribute, Node, Shape, Value } from '../value.ts';

/** Builds the gradient of one input; called only where that gradient is needed. */
export type Thunk = () => Value;

/**
 * The vector-Jacobian product of one operator: from the gradients `dys` of the outputs (undefined
 * is zero, but one is defined) to those of the inputs, in order, each of its input's shape or of the
 * shape that was broadcast to. An input without a thunk has none.
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
