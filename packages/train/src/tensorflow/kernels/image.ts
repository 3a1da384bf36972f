/** Pooling and scaling, of images stored [N, H, W, C]. */
import * as tf from '@tensorflow/tfjs';
import { type Kernel, numbers } from '../kernel.ts';
import { arranged, CHANNELS_LAST } from '../stored.ts';

export const AveragePool: Kernel = ([x], { attributes }) => {
  const [kernel, strides] = [attributes.kernel_shape, attributes.strides] as [number, number][];
  const image = arranged(x!, CHANNELS_LAST) as tf.Tensor4D;
  return { tensor: tf.avgPool(image, kernel!, strides!, 'valid'), order: CHANNELS_LAST };
};

export const GlobalMaxPool: Kernel = ([x]) => ({
  tensor: tf.max(arranged(x!, CHANNELS_LAST), [1, 2], true),
  order: CHANNELS_LAST,
});

/** By repeating whole pixels: resizeNearestNeighbor finds them by a scale in float32, which is rounded. */
export const Resize: Kernel = ([x], node) => {
  const image = arranged(x!, CHANNELS_LAST) as tf.Tensor4D;
  const [n, h, w, c] = image.shape;
  const [, , down, across] = numbers(node, 2) as [number, number, number, number];
  const rows = tf.tile(tf.reshape(image, [n * h, 1, w * c]), [1, down, 1]);
  const pixels = tf.tile(tf.reshape(rows, [n * h * down * w, 1, c]), [1, across, 1]);
  return { tensor: tf.reshape(pixels, [n, h * down, w * across, c]), order: CHANNELS_LAST };
};
