/**
 * Rules of convolution and pooling. Which of several equal forms is used was chosen by measuring
 * onnxruntime's CPU provider: `pnpm bench conv-gradients` prints what each costs.
 */
import {
  flippedPads,
  type Geometry,
  geometry,
  isDense,
  type Pair,
  reach,
} from '../ops/geometry.ts';
import { countDown, type Image, knownImage, padImage } from '../ops/image.ts';
import {
  AveragePool,
  Cast,
  Conv,
  ConvTranspose,
  ConvWeightGradient,
  Div,
  Equal,
  Gather,
  MatMul,
  Mul,
  ReduceSum,
  Reshape,
  Resize,
  sumPerChannel,
  Transpose,
} from '../ops/index.ts';
import { float32 } from '../tensor.ts';
import { constant, knownShape, scalar, type Value } from '../value.ts';
import { type Rule, rule } from './rule.ts';

/** Below so many channels ConvTranspose is faster than Conv, which works on blocks of them. */
const FEW_CHANNELS = 8;

/** The gradient of Conv's image x, from dy [N, O, H', W'] and w [O, C / group, kh, kw]. */
function inputGradient(dy: Value, w: Value, x: Value, g: Geometry): Value {
  const { strides, pads, dilations, group } = g;
  const [, c, height, width] = knownImage(x);
  const flipped = flippedPads(g);
  if (isDense(g) && c >= FEW_CHANNELS && flipped.every((pad) => pad >= 0)) {
    return Conv(dy, rotated(w), undefined, { pads: flipped, dilations });
  }
  const [, , h, v] = knownImage(dy);
  const [top, left, bottom, right] = pads;
  const outputPadding: Pair = [
    height - ((h - 1) * strides[0] + reach(g, 0) + 1 - top - bottom),
    width - ((v - 1) * strides[1] + reach(g, 1) + 1 - left - right),
  ];
  return ConvTranspose(dy, w, undefined, { strides, pads, dilations, group, outputPadding });
}

/** The kernel turned by 180° with its channel axes swapped: convolving with it is the adjoint. */
function rotated(w: Value): Value {
  const [o, c, kh, kw] = knownShape(w.shape, 'the gradient of Conv') as Image;
  const taps = kh * kw;
  const swapped = Reshape(Transpose(w, [1, 0, 2, 3]), [c, o, taps]);
  return Reshape(Gather(swapped, countDown(taps), 2), [c, o, kh, kw]);
}

export const convRules: Readonly<Record<string, Rule>> = {
  Conv: rule(([x, w], dy, _y, attributes) => [
    () => inputGradient(dy, w!, x!, geometry(attributes)),
    () => ConvWeightGradient(x!, dy, geometry(attributes)),
    () => sumPerChannel(dy),
  ]),

  // The adjoint of Conv in its image: image and gradient change places.
  ConvTranspose: rule(([x, w], dy, _y, attributes) => {
    const g = geometry(attributes);
    const { strides, pads, dilations, group } = g;
    return [
      () => Conv(dy, w!, undefined, { strides, pads, dilations, group }),
      () => ConvWeightGradient(dy, x!, g),
      () => sumPerChannel(dy),
    ];
  }),

  // Linear in both: its value for dw is what convolving x with dw gives against dy.
  ConvWeightGradient: rule(([x, dy], dw, _y, attributes) => {
    const g = geometry(attributes);
    const { kernel: _, ...options } = g;
    return [() => inputGradient(dy!, dw, x!, g), () => Conv(x!, dw, undefined, options)];
  }),

  Resize: rule(([x], dy) => [
    () => {
      const kernel = [2, 3].map((axis) => (dy.shape[axis] as number) / (x!.shape[axis] as number));
      const sum = scalar(kernel[0]! * kernel[1]!);
      return Mul(AveragePool(dy, { kernel: kernel as unknown as Pair }), sum);
    },
  ]),

  // Of several pixels that are the greatest, each has its share.
  GlobalMaxPool: rule(([x], dy, y) => [
    () => {
      const greatest = Cast(Equal(x!, y), 'float32');
      const share = Div(dy, ReduceSum(greatest, { axes: [2, 3], keepdims: true }));
      return Mul(greatest, share);
    },
  ]),

  AveragePool: rule(([x], dy, _y, { kernel_shape, strides }) => [
    () => unpool(dy, x!, kernel_shape as unknown as Pair, strides as unknown as Pair),
  ]),
};

/** Up to so many columns a product of matrices repeats pixels faster than Resize does. */
const FEW_COLUMNS = 32;

/**
 * Repeats each pixel of x [N, C, H, W] over a window, times `factor`: [N, C, H · down, W · across].
 * Each row times a matrix that lays it out `down` times over; on onnxruntime's CPU provider in a third
 * of Resize's time at 14 columns.
 */
function repeat(x: Value, [down, across]: Pair, factor: number): Value {
  const [, c, h, w] = knownImage(x);
  const width = w * across;
  const matrix = new Float32Array(w * down * width);
  for (let column = 0; column < down * width; column++) {
    const source = Math.floor((column % width) / across);
    matrix[source * down * width + column] = factor;
  }
  const rows = MatMul(x, constant(float32(matrix, [w, down * width])));
  return Reshape(rows, [x.shape[0]!, c, h * down, width]);
}

/** Spreads each mean of dy over the window it came from. */
function unpool(dy: Value, x: Value, kernel: Pair, strides: Pair): Value {
  const [, c, h, w] = knownImage(x);
  const [, , h2, w2] = knownImage(dy);
  const share = 1 / (kernel[0] * kernel[1]);
  if (kernel[0] !== strides[0] || kernel[1] !== strides[1]) {
    const weights = new Float32Array(c * kernel[0] * kernel[1]).fill(share);
    const outputPadding: Pair = [
      h - (h2 - 1) * strides[0] - kernel[0],
      w - (w2 - 1) * strides[1] - kernel[1],
    ];
    const each = constant(float32(weights, [c, 1, ...kernel]));
    return ConvTranspose(dy, each, undefined, { strides, group: c, outputPadding });
  }
  const image =
    w2 <= FEW_COLUMNS ? repeat(dy, kernel, share) : Resize(Mul(dy, scalar(share)), kernel);
  // Rows and columns that no window covers.
  return padImage(image, [0, 0, h - h2 * kernel[0], w - w2 * kernel[1]]);
}
