/** Adam as ../onnxruntime/adam.ts has it: tf.train.adam places epsilon elsewhere and hides its moments. */
import * as tf from '@tensorflow/tfjs';
import type { AdamOptions } from '../engine.ts';

export interface Updated {
  weight: tf.Tensor;
  m: tf.Tensor;
  v: tf.Tensor;
}

/** One update of a weight and its moments down its gradient, at step t ≥ 1. */
export function adam(
  { weight, m, v }: Updated,
  gradient: tf.Tensor,
  step: number,
  { learningRate, beta1, beta2, epsilon }: AdamOptions,
): Updated {
  const mNext = tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1));
  const vNext = tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  // w − rate · m̂ / (√v̂ + ε), with the constants gathered in the divisor: a pass less.
  const rate = learningRate / (1 - beta1 ** step);
  const slope = 1 / (Math.sqrt(1 - beta2 ** step) * rate);
  const divisor = tf.add(tf.mul(tf.sqrt(vNext), slope), epsilon / rate);
  return { weight: tf.sub(weight, tf.div(mNext, divisor)), m: mNext, v: vNext };
}
