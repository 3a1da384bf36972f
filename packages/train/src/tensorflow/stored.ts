/** Tensors whose axes are kept in another order than the graph names them in. */
import * as tf from '@tensorflow/tfjs';

/**
 * A value of the graph in TensorFlow.js. Its axes are stored as the kernel that made it wants them, and what
 * does not depend on the order of elements takes them so: an image [N, C, H, W] is stored [N, H, W, C] from
 * one convolution to the next.
 */
export interface Stored {
  readonly tensor: tf.Tensor;
  /** Which axis of the value each axis of the tensor is: [0, 2, 3, 1] for that image. */
  readonly order: readonly number[];
}

/** TensorFlow's order of an image [N, C, H, W]: N, H, W, C. */
export const CHANNELS_LAST = [0, 2, 3, 1] as const;

/** TensorFlow's order of a kernel [O, I, kh, kw], and of a transposed convolution's [I, O, kh, kw]. */
export const KERNEL = [2, 3, 1, 0] as const;

/** 0, …, rank − 1: the order that a graph's value is named in. */
export function inOrder(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** A tensor whose axes are the value's. */
export function plain(tensor: tf.Tensor): Stored {
  return { tensor, order: inOrder(tensor.rank) };
}

/** The value's shape. */
export function shapeOf({ tensor, order }: Stored): number[] {
  return inOrder(order.length).map((axis) => tensor.shape[order.indexOf(axis)]!);
}

/** Whether storing it in this order moves no element: only axes of size 1 change places. */
export function isFree(x: Stored, order: readonly number[]): boolean {
  const moved = order.map((axis) => x.order.indexOf(axis));
  return isAscending(moved.filter((place) => x.tensor.shape[place] !== 1));
}

/** The tensor with its axes in this order; itself if they are. The caller's `tidy` ends what it makes. */
export function arranged(x: Stored, order: readonly number[]): tf.Tensor {
  if (isSame(x.order, order)) return x.tensor;
  const places = order.map((axis) => x.order.indexOf(axis));
  if (!isFree(x, order)) return tf.transpose(x.tensor, places);
  return tf.reshape(
    x.tensor,
    places.map((place) => x.tensor.shape[place]!),
  );
}

/** The tensor with the value's own axes. */
export function rowMajor(x: Stored): tf.Tensor {
  return arranged(x, inOrder(x.order.length));
}

/** The order of a value with axes of size 1 put before its own, up to `rank`. */
export function extended(order: readonly number[], rank: number): number[] {
  const more = rank - order.length;
  return [...inOrder(more), ...order.map((axis) => axis + more)];
}

/**
 * Values that broadcast against each other, as tensors that do: in the order of the largest, or of the first
 * of the largest that is not stored as it is named.
 */
export function aligned(values: readonly Stored[]): { tensors: tf.Tensor[]; order: number[] } {
  const rank = Math.max(...values.map((x) => x.order.length));
  const size = Math.max(...values.map((x) => x.tensor.size));
  const largest = values.filter((x) => x.tensor.size === size);
  const leader = largest.find((x) => !isAscending(x.order)) ?? largest[0]!;
  const order = extended(leader.order, rank);
  const tensors = values.map(({ tensor, order: own }) => {
    // Missing axes at the front broadcast as they are.
    const full = extended(own, rank);
    if (own.length === 0 || isSame(full, order)) return tensor;
    const ones = inOrder(rank - own.length).map(() => 1);
    const whole = ones.length > 0 ? tf.reshape(tensor, [...ones, ...tensor.shape]) : tensor;
    return arranged({ tensor: whole, order: full }, order);
  });
  return { tensors, order };
}

/** `tf.tidy` of stored values: what else `f` makes is disposed, and all of it if `f` throws. */
export function withinTidy(f: () => readonly Stored[]): Stored[] {
  // They are what tidy calls a container, objects with tensors in them: numbers it passes over.
  return tf.tidy(() => f() as unknown as tf.TensorContainerArray) as unknown as Stored[];
}

export function isAscending(list: readonly number[]): boolean {
  return list.every((value, i) => i === 0 || list[i - 1]! < value);
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}
