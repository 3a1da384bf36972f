/** Convolutions, on images stored [N, H, W, C] and kernels stored [kh, kw, in, out]. */
import { type Geometry, geometry } from '@ganport/onnx';
import * as tf from '@tensorflow/tfjs';
import type { Kernel } from '../kernel.ts';
import { arranged, CHANNELS_LAST, KERNEL, type Stored } from '../stored.ts';

export const Conv: Kernel = ([x, w, b], { attributes }) => {
  const g = geometry(attributes);
  const [image, kernel] = [imageOf(x!), spread(kernelOf(w!), g)];
  const y = g.group === 1 ? convolve(image, kernel, g) : inGroups(image, kernel, g);
  return withBias(y, b);
};

/** Groups of one channel each have a kernel of their own in TensorFlow, with equal strides. */
function inGroups(x: tf.Tensor4D, w: tf.Tensor4D, g: Geometry): tf.Tensor4D {
  const [kh, kw, channels, filters] = w.shape;
  const [down, across] = g.strides;
  if (channels === 1 && down === across) {
    const each: tf.Tensor4D = tf.reshape(w, [kh, kw, g.group, filters / g.group]);
    return padded(x, w.shape, g, (image, pad) =>
      tf.depthwiseConv2d(image, each, [down, across], pad),
    );
  }
  const images = tf.split<tf.Tensor4D>(x, g.group, 3);
  const kernels = tf.split<tf.Tensor4D>(w, g.group, 3);
  return tf.concat(
    images.map((image, i) => convolve(image, kernels[i]!, g)),
    3,
  );
}

function convolve(x: tf.Tensor4D, w: tf.Tensor4D, g: Geometry): tf.Tensor4D {
  return padded(x, w.shape, g, (image, pad) => tf.conv2d(image, w, [...g.strides], pad));
}

/** The adjoint of a convolution in its image is TensorFlow's conv2dTranspose; ONNX's pads cut its output. */
export const ConvTranspose: Kernel = ([x, w, b], { attributes }) => {
  const g = geometry(attributes);
  const extra = attributes.output_padding as readonly [number, number];
  const [image, kernel] = [imageOf(x!), spread(kernelOf(w!), g)];
  if (g.group === 1) return withBias(transposed(image, kernel, g, extra), b);
  const images = tf.split<tf.Tensor4D>(image, g.group, 3);
  const kernels = tf.split<tf.Tensor4D>(kernel, g.group, 3);
  const parts = images.map((part, i) => transposed(part, kernels[i]!, g, extra));
  return withBias(tf.concat(parts, 3), b);
};

function transposed(
  x: tf.Tensor4D,
  w: tf.Tensor4D,
  { strides, pads }: Geometry,
  extra: readonly [number, number],
): tf.Tensor4D {
  const [n, h, v] = x.shape;
  const [kh, kw, filters] = w.shape;
  const [top, left, bottom, right] = pads;
  const reach = [(h - 1) * strides[0] + kh, (v - 1) * strides[1] + kw] as const;
  const size = [reach[0] + extra[0] - top - bottom, reach[1] + extra[1] - left - right] as const;
  const onto = ([height, width]: readonly [number, number], pad: 'same' | 'valid') =>
    tf.conv2dTranspose(x, w, [n, height, width, filters], [...strides], pad);
  if (isSame(size, [h, v], [kh, kw], { strides, pads })) return onto(size, 'same');
  return framed(onto(reach, 'valid'), [-top, -left, extra[0] - bottom, extra[1] - right]);
}

/** The gradient of a convolution's kernel, from its image and the gradient of its output. */
export const ConvWeightGradient: Kernel = ([x, dy], { attributes }) => {
  const g = geometry(attributes);
  const [image, output] = [imageOf(x!), imageOf(dy!)];
  if (g.group === 1) return { tensor: kernelGradient(image, output, g), order: KERNEL };
  const images = tf.split<tf.Tensor4D>(image, g.group, 3);
  const outputs = tf.split<tf.Tensor4D>(output, g.group, 3);
  const parts = images.map((part, i) => kernelGradient(part, outputs[i]!, g));
  return { tensor: tf.concat(parts, 3), order: KERNEL };
};

function kernelGradient(
  image: tf.Tensor4D,
  output: tf.Tensor4D,
  { kernel, dilations, strides, pads }: Geometry,
): tf.Tensor4D {
  const [, height, width, channels] = image.shape;
  const [, h, v, filters] = output.shape;
  const size = [0, 1].map((i) => (kernel[i]! - 1) * dilations[i]! + 1) as [number, number];
  const filterShape = [...size, channels, filters];
  const gradient = (input: tf.Tensor4D, pad: 'same' | 'valid') =>
    tf
      .engine()
      .runKernel<tf.Tensor4D>(
        tf.Conv2DBackpropFilter,
        { x: input, dy: output },
        { strides: [...strides], pad, dataFormat: 'NHWC', filterShape },
      );
  if (isSame([height, width], [h, v], size, { strides, pads })) {
    return everyOther(gradient(image, 'same'), dilations);
  }
  // Below and right, no more than the last place of the kernel reaches.
  const [top, left] = pads;
  const below = (h - 1) * strides[0] + size[0] - height - top;
  const right = (v - 1) * strides[1] + size[1] - width - left;
  const rest = (margin: number, stride: number) => (-stride < margin && margin < 0 ? 0 : margin);
  const framing = [top, left, rest(below, strides[0]), rest(right, strides[1])];
  return everyOther(gradient(framed(image, framing), 'valid'), dilations);
}

/** The places of a kernel that its dilations leave, of one that has zeros between them. */
function everyOther(w: tf.Tensor4D, [down, across]: Geometry['dilations']): tf.Tensor4D {
  if (down === 1 && across === 1) return w;
  return tf.stridedSlice(w, [0, 0, 0, 0], w.shape, [down, across, 1, 1]) as tf.Tensor4D;
}

/** A kernel with zeros in its gaps: TensorFlow's kernels of gradients do not dilate. */
function spread(w: tf.Tensor4D, { dilations: [down, across] }: Geometry): tf.Tensor4D {
  if (down === 1 && across === 1) return w;
  const [kh, kw, channels, filters] = w.shape;
  const apart: tf.Tensor5D = tf.pad(tf.reshape(w, [kh, 1, kw, 1, channels * filters]), [
    [0, 0],
    [0, down - 1],
    [0, 0],
    [0, across - 1],
    [0, 0],
  ]);
  const whole: tf.Tensor4D = tf.reshape(apart, [kh * down, kw * across, channels, filters]);
  const [rows, columns] = [(kh - 1) * down + 1, (kw - 1) * across + 1];
  return tf.slice(whole, [0, 0, 0, 0], [rows, columns, channels, filters]);
}

/** Runs a convolution with TensorFlow's padding where that is ONNX's, else on an image with margins. */
function padded(
  x: tf.Tensor4D,
  [kh, kw]: readonly number[],
  { strides, pads }: Geometry,
  run: (x: tf.Tensor4D, pad: 'same' | 'valid') => tf.Tensor4D,
): tf.Tensor4D {
  const [, h, w] = x.shape;
  const [top, left, bottom, right] = pads;
  const outputs = [
    Math.floor((h + top + bottom - kh!) / strides[0]) + 1,
    Math.floor((w + left + right - kw!) / strides[1]) + 1,
  ] as const;
  if (isSame([h, w], outputs, [kh!, kw!], { strides, pads })) return run(x, 'same');
  return run(framed(x, pads), 'valid');
}

type Pair = readonly [number, number];

/**
 * Whether a convolution is what TensorFlow calls "same": as many outputs as strides fit, and no more of the total
 * padding before the image than after it. Not where strides leave pixels out: TensorFlow.js 4.22's wasm
 * backend gets that wrong.
 */
function isSame(
  image: Pair,
  outputs: Pair,
  kernel: Pair,
  { strides, pads }: Pick<Geometry, 'strides' | 'pads'>,
): boolean {
  return ([0, 1] as const).every((i) => {
    const [size, out, k, stride] = [image[i], outputs[i], kernel[i], strides[i]];
    const total = Math.max((out - 1) * stride + k - size, 0);
    return out === Math.ceil(size / stride) && pads[i] === Math.floor(total / 2) && k >= stride;
  });
}

/** The image with zeros around it, [top, left, bottom, right]; a negative margin cuts. */
function framed(x: tf.Tensor4D, margins: readonly number[]): tf.Tensor4D {
  if (margins.every((margin) => margin === 0)) return x;
  const [n, h, w, c] = x.shape;
  const [top, left, bottom, right] = margins.map((margin) => Math.max(-margin, 0));
  const cut = margins.some((margin) => margin < 0)
    ? tf.slice(x, [0, top!, left!, 0], [n, h - top! - bottom!, w - left! - right!, c])
    : x;
  const grow = margins.map((margin) => Math.max(margin, 0));
  if (grow.every((margin) => margin === 0)) return cut;
  return tf.pad(cut, [
    [0, 0],
    [grow[0]!, grow[2]!],
    [grow[1]!, grow[3]!],
    [0, 0],
  ]);
}

function imageOf(x: Stored): tf.Tensor4D {
  return arranged(x, CHANNELS_LAST) as tf.Tensor4D;
}

function kernelOf(w: Stored): tf.Tensor4D {
  return arranged(w, KERNEL) as tf.Tensor4D;
}

function withBias(y: tf.Tensor4D, b: Stored | undefined): Stored {
  return { tensor: b ? tf.add(y, b.tensor) : y, order: CHANNELS_LAST };
}
