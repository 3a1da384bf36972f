/** Matrix products and sums. A product takes matrices stored by rows or by columns. */
import * as tf from '@tensorflow/tfjs';
import type { Kernel } from '../kernel.ts';
import { numbers } from '../kernel.ts';
import { aligned, arranged, inOrder, isFree, plain, type Stored } from '../stored.ts';

/** The last two axes as matrices. */
interface Matrices {
  tensor: tf.Tensor;
  /** Whether they are stored by columns. */
  turned: boolean;
}

function matrices(x: Stored): Matrices {
  const rows = inOrder(x.order.length);
  const columns = [...rows.slice(0, -2), rows.length - 1, rows.length - 2];
  const turned = !isFree(x, rows) && isFree(x, columns);
  return { tensor: arranged(x, turned ? columns : rows), turned };
}

function product(a: Matrices, b: Matrices): tf.Tensor {
  return tf.matMul(a.tensor, b.tensor, a.turned, b.turned);
}

export const MatMul: Kernel = ([a, b]) => {
  const rank = Math.max(a!.order.length, b!.order.length);
  if (b!.order.length === 2 && rank > 2) {
    const tensor = alongLast(a!, matrices(b!));
    if (tensor) return { tensor, order: a!.order };
  }
  return plain(product(...stacked(matrices(a!), matrices(b!))));
};

/** Stacks of equal shape, or one of them of a single matrix: the others TensorFlow.js broadcasts wrongly. */
function stacked(a: Matrices, b: Matrices): [Matrices, Matrices] {
  const [left, right] = [a, b].map(({ tensor }) => tensor.shape.slice(0, -2)) as [
    number[],
    number[],
  ];
  if (String(left) === String(right)) return [a, b];
  const stack = tf.broadcast_util.assertAndGetBroadcastShape(left, right);
  const sizes = [left, right].map((shape) => shape.reduce((m, n) => m * n, 1));
  const expanded = [a, b].map(({ tensor, turned }, i) => {
    const lead = sizes[i] === 1 ? stack.map(() => 1) : stack;
    return { tensor: tf.broadcastTo(tensor, [...lead, ...tensor.shape.slice(-2)]), turned };
  });
  return expanded as [Matrices, Matrices];
}

/**
 * a [..., K] times a matrix [K, N], in a's order, where K is stored last or before the last: undefined
 * elsewhere.
 */
function alongLast({ tensor, order }: Stored, b: Matrices): tf.Tensor | undefined {
  const place = order.indexOf(order.length - 1);
  const k = tensor.shape[place]!;
  const n = b.tensor.shape[b.turned ? 0 : 1]!;
  const shape = tensor.shape.with(place, n);
  if (place === order.length - 1) {
    const rows = { tensor: tf.reshape(tensor, [-1, k]), turned: false };
    return tf.reshape(product(rows, b), shape);
  }
  if (place === order.length - 2) {
    const images = { tensor: tf.reshape(tensor, [-1, k, tensor.shape.at(-1)!]), turned: false };
    const left = { tensor: tf.reshape(b.tensor, [1, ...b.tensor.shape]), turned: !b.turned };
    return tf.reshape(product(left, images), shape);
  }
  return undefined;
}

export const Gemm: Kernel = ([a, b, c], { attributes }) => {
  const [left, right] = [matrices(a!), matrices(b!)];
  const y = product(
    { ...left, turned: left.turned !== Boolean(attributes.transA) },
    { ...right, turned: right.turned !== Boolean(attributes.transB) },
  );
  if (!c) return plain(y);
  const { tensors, order } = aligned([plain(y), c]);
  return { tensor: tf.add(tensors[0]!, tensors[1]!), order };
};

export const ReduceSum: Kernel = ([x], node) => {
  const { tensor, order } = x!;
  const axes = numbers(node, 1);
  const places = axes.map((axis) => order.indexOf(axis));
  if (node.attributes.keepdims === 1) return { tensor: tf.sum(tensor, places, true), order };
  const left = order.filter((axis) => !axes.includes(axis));
  const renumbered = left.map((axis) => left.filter((other) => other < axis).length);
  return { tensor: tf.sum(tensor, places), order: renumbered };
};
