/** The losses of ../onnxruntime/losses.ts, in TensorFlow.js. */
import * as tf from '@tensorflow/tfjs';
import type { LossName } from '../onnxruntime/losses.ts';

export interface Loss {
  /** The discriminator's, from its logits on real and on generated images, [N, 1] each. */
  discriminator(real: tf.Tensor, fake: tf.Tensor): tf.Scalar;
  /** The generator's, from the discriminator's logits on generated images, [N, 1]. */
  generator(fake: tf.Tensor): tf.Scalar;
}

export const LOSSES: Record<LossName, Loss> = {
  bce: {
    discriminator: (real, fake) =>
      tf.add(tf.mean(tf.softplus(tf.neg(real))), tf.mean(tf.softplus(fake))),
    generator: (fake) => tf.mean(tf.softplus(tf.neg(fake))),
  },
};
