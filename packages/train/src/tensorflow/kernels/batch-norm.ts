/** Batch normalisation, of values stored with their channels last. */
import * as tf from '@tensorflow/tfjs';
import { float, type Kernel } from '../kernel.ts';
import { arranged, inOrder, plain } from '../stored.ts';

export const BatchNormalization: Kernel = ([x, scale, bias, mean, variance], node) => {
  const order = [...inOrder(x!.order.length).filter((axis) => axis !== 1), 1];
  const batch = arranged(x!, order);
  const epsilon = float(node, 'epsilon');
  const training = node.attributes.training_mode === 1;
  const [average, spread] = training ? moments(batch) : [mean!.tensor, variance!.tensor];
  const slope = tf.div(scale!.tensor, tf.sqrt(tf.add(spread, epsilon)));
  const y = tf.add(tf.mul(tf.sub(batch, average), slope), bias!.tensor);
  const normalized = { tensor: y, order };
  return training ? [normalized, plain(average), plain(spread)] : normalized;
};

/** Mean and population variance of each channel, [C]. */
function moments(x: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const { mean, variance } = tf.moments(x, inOrder(x.rank - 1));
  return [mean, variance];
}
