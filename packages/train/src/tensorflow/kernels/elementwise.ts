/** Operators that work element by element: in any order, the same for all operands. */
import { DATA_TYPES } from '@ganport/onnx';
import * as tf from '@tensorflow/tfjs';
import { float, type Kernel, numbers } from '../kernel.ts';
import { aligned } from '../stored.ts';

const unary =
  (f: (x: tf.Tensor) => tf.Tensor): Kernel =>
  ([x]) => ({ tensor: f(x!.tensor), order: x!.order });

const broadcast =
  (f: (...x: tf.Tensor[]) => tf.Tensor): Kernel =>
  (inputs) => {
    const { tensors, order } = aligned(inputs);
    return { tensor: f(...tensors), order };
  };

export const Abs = unary(tf.abs);
export const Exp = unary(tf.exp);
export const Identity = unary((x) => x);
export const Log = unary(tf.log);
export const Neg = unary(tf.neg);
export const Relu = unary(tf.relu);
export const Sigmoid = unary(tf.sigmoid);
export const Sign = unary(tf.sign);
export const Softplus = unary(tf.softplus);
export const Sqrt = unary(tf.sqrt);
export const Tanh = unary(tf.tanh);

export const Add = broadcast((a, b) => tf.add(a!, b!));
export const Div = broadcast((a, b) => tf.div(a!, b!));
export const Mul = broadcast((a, b) => tf.mul(a!, b!));
export const Sub = broadcast((a, b) => tf.sub(a!, b!));
export const Equal = broadcast((a, b) => tf.equal(a!, b!));
export const Greater = broadcast((a, b) => tf.greater(a!, b!));
export const Where = broadcast((condition, a, b) => tf.where(condition!, a!, b!));

export const LeakyRelu: Kernel = ([x], node) => ({
  tensor: tf.leakyRelu(x!.tensor, float(node, 'alpha')),
  order: x!.order,
});

export const HardSigmoid: Kernel = ([x], node) => {
  const [alpha, beta] = [float(node, 'alpha'), float(node, 'beta')];
  const scaled = tf.mul(x!.tensor, alpha);
  const line = beta === 0 ? scaled : tf.add(scaled, beta);
  return { tensor: tf.clipByValue(line, 0, 1), order: x!.order };
};

export const Clip: Kernel = ([x], node) => {
  const [[min], [max]] = [numbers(node, 1), numbers(node, 2)];
  return { tensor: tf.clipByValue(x!.tensor, min!, max!), order: x!.order };
};

/** TensorFlow.js has one type of integers. */
const TYPES: Readonly<Record<number, tf.DataType>> = {
  [DATA_TYPES.float32]: 'float32',
  [DATA_TYPES.uint8]: 'int32',
  [DATA_TYPES.int32]: 'int32',
  [DATA_TYPES.int64]: 'int32',
  [DATA_TYPES.bool]: 'bool',
};

export const Cast: Kernel = ([x], { attributes }) => ({
  tensor: tf.cast(x!.tensor, TYPES[attributes.to as number]!),
  order: x!.order,
});
