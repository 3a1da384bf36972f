/** Operators that move elements and change none: most in the order that they find. */
import * as tf from '@tensorflow/tfjs';
import { type Kernel, numbers } from '../kernel.ts';
import {
  arranged,
  extended,
  inOrder,
  isAscending,
  plain,
  rowMajor,
  type Stored,
  shapeOf,
} from '../stored.ts';

/** Only another order of the same elements: none moves. */
export const Transpose: Kernel = ([x], { attributes }) => {
  const perm = attributes.perm as readonly number[];
  return { tensor: x!.tensor, order: x!.order.map((axis) => perm.indexOf(axis)) };
};

export const Reshape: Kernel = ([x], node) => {
  const wanted = numbers(node, 1);
  const known = wanted.reduce((n, dim) => (dim < 0 ? n : n * dim), 1);
  const shape = wanted.map((dim) => (dim < 0 ? x!.tensor.size / known : dim));
  const order = reshapedOrder(x!, shape);
  if (!order) return plain(tf.reshape(rowMajor(x!), shape));
  return {
    tensor: tf.reshape(
      x!.tensor,
      order.map((axis) => shape[axis]!),
    ),
    order,
  };
};

/**
 * The order that the tensor of x has as a value of this shape, if no element need move: where axes become one,
 * they are stored one after the other. Undefined if some must.
 */
function reshapedOrder(x: Stored, shape: readonly number[]): number[] | undefined {
  const before = shapeOf(x);
  const regrouped = groups(before, shape);
  /** The order found so far, of the axes that are larger than 1. */
  const order: number[] = [];
  const stored = x.order.filter((axis) => before[axis] !== 1);
  for (let place = 0; place < stored.length; ) {
    const group = regrouped.find(({ from }) => from[0] === stored[place]);
    if (!group?.from.every((axis, i) => axis === stored[place + i])) return undefined;
    order.push(...group.to);
    place += group.from.length;
  }
  const ones = inOrder(shape.length).filter((axis) => shape[axis] === 1);
  return isAscending(order) ? inOrder(shape.length) : [...order, ...ones];
}

/** Which axes become which, in the fewest at a time; those of size 1 left out. */
function groups(before: readonly number[], after: readonly number[]) {
  const large = (shape: readonly number[]) =>
    inOrder(shape.length).filter((axis) => shape[axis] !== 1);
  const [left, right] = [large(before), large(after)];
  const found: { from: number[]; to: number[] }[] = [];
  while (left.length > 0) {
    const group = { from: [left.shift()!], to: [right.shift()!] };
    let [m, n] = [before[group.from[0]!]!, after[group.to[0]!]!];
    while (m !== n) {
      const [list, axes, shape] =
        m < n ? ([group.from, left, before] as const) : ([group.to, right, after] as const);
      const axis = axes.shift()!;
      list.push(axis);
      if (m < n) m *= shape[axis]!;
      else n *= shape[axis]!;
    }
    found.push(group);
  }
  return found;
}

export const Expand: Kernel = ([x], node) => {
  const target = numbers(node, 1);
  const rank = Math.max(target.length, x!.order.length);
  const order = extended(x!.order, rank);
  const lead = rank - x!.order.length;
  const shape = order.map((axis, place) => {
    const size = place < lead ? 1 : x!.tensor.shape[place - lead]!;
    return Math.max(size, target[axis - rank + target.length] ?? 1);
  });
  return { tensor: tf.broadcastTo(x!.tensor, shape), order };
};

export const Concat: Kernel = (inputs, { attributes }) => {
  const { order } = inputs.find((x) => !isAscending(x.order)) ?? inputs[0]!;
  const tensors = inputs.map((x) => arranged(x, order));
  return { tensor: tf.concat(tensors, order.indexOf(attributes.axis as number)), order };
};

export const Split: Kernel = ([x], node) => {
  const { tensor, order } = x!;
  const place = order.indexOf(node.attributes.axis as number);
  return tf.split(tensor, numbers(node, 1), place).map((part) => ({ tensor: part, order }));
};

export const Slice: Kernel = ([x], node) => {
  const { tensor, order } = x!;
  const begin = tensor.shape.map(() => 0);
  const end = [...tensor.shape];
  const step = tensor.shape.map(() => 1);
  const [starts, ends, axes, steps] = [1, 2, 3, 4].map((index) => numbers(node, index));
  axes!.forEach((axis, i) => {
    const place = order.indexOf(axis);
    [begin[place], end[place], step[place]] = [starts![i]!, ends![i]!, steps![i]!];
  });
  const part = step.every((each) => each === 1)
    ? tf.slice(
        tensor,
        begin,
        end.map((last, i) => last - begin[i]!),
      )
    : tf.stridedSlice(tensor, begin, end, step);
  return { tensor: part, order };
};

export const Pad: Kernel = ([x], node) => {
  const { tensor, order } = x!;
  const pads = numbers(node, 1);
  const pairs = order.map((axis): [number, number] => [pads[axis]!, pads[axis + order.length]!]);
  return { tensor: tf.pad(tensor, pairs), order };
};

export const Gather: Kernel = ([x, indices], { attributes }) => {
  const { tensor, order } = x!;
  const place = order.indexOf(attributes.axis as number);
  return { tensor: tf.gather(tensor, indices!.tensor as tf.Tensor1D, place), order };
};
