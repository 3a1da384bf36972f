/**
 * A network run by TensorFlow.js. Images are [N, H, W, C] inside, as its kernels want them; whatever
 * depends on the order of a tensor's elements (flatten, reshape) sees them as [N, C, H, W], as PyTorch
 * and the onnxruntime engine do.
 */
import type { Layer, LayerType, Network } from '@ganport/model';
import * as tf from '@tensorflow/tfjs';

type Options<T extends LayerType> = Extract<Layer['options'], { type: T }>;

interface Context {
  /** With the batch's statistics, or with the running ones. */
  training: boolean;
  /** The layer's parameter of this name. */
  weight(name: string): tf.Tensor;
  /** Reports the batch's mean and population variance, [channels] each, and over how many elements. */
  statistics(mean: tf.Tensor, variance: tf.Tensor, count: number): void;
}

type Forward<T extends LayerType> = (
  options: Options<T>,
  inputs: readonly tf.Tensor[],
  context: Context,
) => tf.Tensor;

const FORWARD: { [T in LayerType]?: Forward<T> } = {
  dense: ({ bias }, [x], { weight }) =>
    withBias(
      tf.matMul(x as tf.Tensor2D, weight('weight') as tf.Tensor2D, false, true),
      bias,
      weight,
    ),

  conv2d: ({ kernel, stride, pad, bias }, [x], { weight }) => {
    const [image, kernels] = [x as tf.Tensor4D, weight('weight') as tf.Tensor4D];
    const convolve = (input: tf.Tensor4D, padding: 'same' | 'valid') =>
      tf.conv2d(input, kernels, stride, padding);
    const y = isSame(image.shape.slice(1, 3), kernel, stride, pad)
      ? convolve(image, 'same')
      : convolve(withMargin(image, pad), 'valid');
    return withBias(y, bias, weight);
  },

  convTranspose2d: ({ filters, kernel, stride, pad, bias }, [x], { weight }) => {
    const [image, kernels] = [x as tf.Tensor4D, weight('weight') as tf.Tensor4D];
    const [n, h, w] = image.shape;
    // What the kernels reach: the output and, around it, the margin to be cut off.
    const reach = [h, w].map((size, i) => (size - 1) * stride[i]! + kernel[i]!);
    const size = reach.map((dim, i) => dim - 2 * pad[i]!) as [number, number];
    const transpose = ([height, width]: readonly number[], padding: 'same' | 'valid') =>
      tf.conv2dTranspose(image, kernels, [n, height!, width!, filters], stride, padding);
    const y = isSame(size, kernel, stride, pad)
      ? transpose(size, 'same')
      : tf.slice(transpose(reach, 'valid'), [0, pad[0], pad[1], 0], [n, ...size, filters]);
    return withBias(y, bias, weight);
  },

  batchNorm: ({ epsilon }, [x], { training, weight, statistics }) => {
    const channel = channelAxis(x!);
    const channels = x!.shape[channel]!;
    const perChannel = x!.shape.map((_, axis) => (axis === channel ? channels : 1));
    const spread = (vector: tf.Tensor) => tf.reshape(vector, perChannel);
    const axes = x!.shape.map((_, axis) => axis).filter((axis) => axis !== channel);
    const [mean, variance] = training
      ? momentsOf(x!, axes)
      : [spread(weight('running_mean')), spread(weight('running_var'))];
    if (training) {
      const vectors = [mean, variance].map((moment) => tf.reshape(moment, [channels]));
      statistics(vectors[0]!, vectors[1]!, x!.size / channels);
    }
    const slope = tf.div(spread(weight('weight')), tf.sqrt(tf.add(variance, epsilon)));
    return tf.add(tf.mul(tf.sub(x!, mean), slope), spread(weight('bias')));
  },

  relu: (_, [x]) => tf.relu(x!),
  leakyRelu: ({ slope }, [x]) => tf.leakyRelu(x!, slope),
  tanh: (_, [x]) => tf.tanh(x!),
  sigmoid: (_, [x]) => tf.sigmoid(x!),

  avgPool2d: ({ kernel, stride = kernel }, [x]) =>
    tf.avgPool(x as tf.Tensor4D, kernel, stride, 'valid'),

  upsample2d: ({ scale }, [x]) => {
    const [n, h, w, c] = (x as tf.Tensor4D).shape;
    // Not by resizeNearestNeighbor: the cpu backend's gradient of it is wrong beyond the first image.
    const rows = tf.tile(tf.reshape(x!, [n * h, 1, w * c]), [1, scale, 1]);
    const pixels = tf.tile(tf.reshape(rows, [n * h * scale * w, 1, c]), [1, scale, 1]);
    return tf.reshape(pixels, [n, h * scale, w * scale, c]);
  },

  reshape: ({ shape }, [x]) =>
    channelsLast(tf.reshape(channelsFirst(x!), [x!.shape[0]!, ...shape])),
  flatten: (_, [x]) => tf.reshape(channelsFirst(x!), [x!.shape[0]!, -1]),

  add: (_, inputs) => inputs.reduce((sum, x) => tf.add(sum, x)),
  concat: (_, inputs) => tf.concat([...inputs], channelAxis(inputs[0]!)),
};

/** A batchNorm layer's statistics of one batch. */
export interface BatchStatistics {
  layer: Layer;
  /** [channels] each; the variance is the population's. */
  mean: tf.Tensor;
  variance: tf.Tensor;
  /** Elements per channel that they are over. */
  count: number;
}

/** A network's parameters by full name, kernels as `fromKernel` lays them out. */
export type Weights = Readonly<Record<string, tf.Tensor>>;

/**
 * A network's output for a batch of its one input, [N, H, W, C] or [N, size].
 * @param report told each batchNorm layer's statistics; without it the running ones are used
 */
export function forward(
  network: Network,
  input: tf.Tensor,
  weights: Weights,
  report?: (statistics: BatchStatistics) => void,
): tf.Tensor {
  const values = new Map(Object.keys(network.inputs).map((name) => [name, input]));
  for (const layer of network.layers) {
    const run = FORWARD[layer.type] as Forward<LayerType> | undefined;
    if (!run) throw new Error(`it has no ${layer.type} layer`);
    const y = run(
      layer.options,
      layer.from.map((name) => values.get(name)!),
      {
        training: report !== undefined,
        weight: (name) => weights[`${layer.name}.${name}`]!,
        statistics: (mean, variance, count) => report?.({ layer, mean, variance, count }),
      },
    );
    values.set(layer.name, y);
  }
  return values.get(network.outputs.output.layer)!;
}

/** Images [N, C, H, W] as [N, H, W, C]; anything else as it is. */
export function channelsLast(x: tf.Tensor): tf.Tensor {
  if (x.rank !== 4) return x;
  const [n, c, h, w] = (x as tf.Tensor4D).shape;
  // With one channel both orders are the same.
  return c === 1 ? tf.reshape(x, [n, h, w, c]) : tf.transpose(x, [0, 2, 3, 1]);
}

/** Images [N, H, W, C] as [N, C, H, W]; anything else as it is. */
export function channelsFirst(x: tf.Tensor): tf.Tensor {
  if (x.rank !== 4) return x;
  const [n, h, w, c] = (x as tf.Tensor4D).shape;
  return c === 1 ? tf.reshape(x, [n, c, h, w]) : tf.transpose(x, [0, 3, 1, 2]);
}

/**
 * Kernels from PyTorch's layout to TensorFlow's: [out, in, kh, kw] to [kh, kw, in, out], and those of
 * a transposed convolution, [in, out, kh, kw], to [kh, kw, out, in]. Of a state's tensors, kernels are
 * the ones with four axes; the others are the same in both.
 */
export function fromKernel(x: tf.Tensor): tf.Tensor {
  return tf.transpose(x, [2, 3, 1, 0]);
}

/** The reverse of `fromKernel`. */
export function toKernel(x: tf.Tensor): tf.Tensor {
  return tf.transpose(x, [3, 2, 0, 1]);
}

/** Images have their channels last; [N, C] and [N, C, length] are as in PyTorch. */
function channelAxis({ rank }: tf.Tensor): number {
  return rank === 4 ? 3 : 1;
}

function withBias(y: tf.Tensor, bias: boolean, weight: Context['weight']): tf.Tensor {
  return bias ? tf.add(y, weight('bias')) : y;
}

function withMargin(image: tf.Tensor4D, [y, x]: readonly [number, number]): tf.Tensor4D {
  if (y === 0 && x === 0) return image;
  const margins: [number, number][] = [
    [0, 0],
    [y, y],
    [x, x],
    [0, 0],
  ];
  return tf.pad(image, margins);
}

/**
 * Whether a convolution of an image [h, w] with equal pads is what TensorFlow calls "same": as many
 * outputs as strides fit, and no more of the total padding before the image than after it. Not where
 * strides leave pixels out: TensorFlow.js 4.22's wasm backend gets that wrong.
 */
function isSame(
  image: readonly number[],
  kernel: readonly number[],
  stride: readonly number[],
  pad: readonly number[],
): boolean {
  return image.every((size, i) => {
    const [k, s, p] = [kernel[i]!, stride[i]!, pad[i]!];
    const outputs = Math.floor((size + 2 * p - k) / s) + 1;
    const total = Math.max((outputs - 1) * s + k - size, 0);
    return outputs === Math.ceil(size / s) && p === Math.floor(total / 2) && k >= s;
  });
}

/** Mean and population variance over the axes, which stay with size 1. */
function momentsOf(x: tf.Tensor, axes: number[]): [tf.Tensor, tf.Tensor] {
  const { mean, variance } = tf.moments(x, axes, true);
  return [mean, variance];
}
