/**
 * Rules of convolution and pooling. Which of several equal forms is used was chosen by measuring
 * onnxruntime's CPU provider: `pnpm bench conv-gradients` prints what each costs.
 */
import { OnnxError } from '../error.ts';
import {
  AveragePool,
  Concat,
  Conv,
  ConvTranspose,
  Gather,
  MatMul,
  Mul,
  Pad,
  type Pads,
  ReduceSum,
  Reshape,
  Resize,
  Slice,
  Transpose,
} from '../ops/index.ts';
import { float32 } from '../tensor.ts';
import { constant, knownShape, type Node, scalar, type Value } from '../value.ts';
import { perChannel, type Rule, rule } from './rule.ts';

type Pair = readonly [number, number];
type Image = [n: number, c: number, h: number, w: number];

export interface Geometry {
  kernel: Pair;
  strides: Pair;
  pads: Pads;
  dilations: Pair;
  group: number;
}

function geometry({ kernel_shape, strides, pads, dilations, group }: Node['attributes']): Geometry {
  return { kernel: kernel_shape, strides, pads, dilations, group } as unknown as Geometry;
}

/** How far a kernel reaches beyond its first tap, in pixels, along height or width. */
function reach({ kernel, dilations }: Geometry, i: 0 | 1): number {
  return (kernel[i] - 1) * dilations[i];
}

/** The gradient of Conv's image, of shape `x`, from dy [N, O, H', W'] and w [O, C / group, kh, kw]. */
export function inputGradient(dy: Value, w: Value, x: Value, g: Geometry): Value {
  const { strides, pads, dilations, group } = g;
  const [top, left, bottom, right] = pads;
  const [rows, columns] = [reach(g, 0), reach(g, 1)];
  const flipped: Pads = [rows - top, columns - left, rows - bottom, columns - right];
  const dense = strides[0] === 1 && strides[1] === 1 && group === 1;
  if (dense && flipped.every((pad) => pad >= 0)) {
    return Conv(dy, rotated(w), undefined, { pads: flipped, dilations });
  }
  const [, , h, width] = knownImage(x);
  const [, , h2, w2] = knownImage(dy);
  const outputPadding: Pair = [
    h - ((h2 - 1) * strides[0] + rows + 1 - top - bottom),
    width - ((w2 - 1) * strides[1] + columns + 1 - left - right),
  ];
  return ConvTranspose(dy, w, undefined, { strides, pads, dilations, group, outputPadding });
}

/** The kernel turned by 180° with its channel axes swapped: convolving with it is the adjoint. */
function rotated(w: Value): Value {
  const [o, c, kh, kw] = knownShape(w.shape, 'the gradient of Conv') as Image;
  const taps = kh * kw;
  const reversed = Array.from({ length: taps }, (_, i) => taps - 1 - i);
  const swapped = Reshape(Transpose(w, [1, 0, 2, 3]), [c, o, taps]);
  return Reshape(Gather(swapped, reversed, 2), [c, o, kh, kw]);
}

/**
 * The gradient of Conv's weight [O, C, kh, kw] from x [N, C, H, W] and dy [N, O, H', W']: each
 * kernel tap's shifted image against dy, as one product of matrices per sample. Of x and dy, the one
 * with fewer channels is shifted, where strides allow.
 */
export function weightGradient(x: Value, dy: Value, g: Geometry): Value {
  if (g.group !== 1) throw new OnnxError('the weight gradient of a grouped Conv is not supported');
  const [, c, h, w] = knownImage(x);
  const [, o, h2, w2] = knownImage(dy);
  const [kh, kw] = g.kernel;
  const taps = kh * kw;
  const dense = g.strides[0] === 1 && g.strides[1] === 1;
  if (dense && o < c) {
    const [top, left, bottom, right] = g.pads;
    const [rows, columns] = [reach(g, 0), reach(g, 1)];
    const pads = [rows - top, columns - left, rows - bottom, columns - right] as const;
    const shifted = unfold(dy, { ...g, pads }, [h, w]);
    // The taps of dy come in reverse: the last one meets the kernel's first.
    const reversed = Array.from({ length: taps }, (_, i) => taps - 1 - i);
    const product = overImages(Reshape(x, [x.shape[0]!, c, h * w]), shifted);
    const gradient = Gather(Reshape(product, [c, taps, o]), reversed, 1);
    return Reshape(Transpose(gradient, [2, 0, 1]), [o, c, kh, kw]);
  }
  const shifted = unfold(x, g, [h2, w2]);
  const product = overImages(Reshape(dy, [dy.shape[0]!, o, h2 * w2]), shifted);
  return Reshape(Transpose(Reshape(product, [o, taps, c]), [0, 2, 1]), [o, c, kh, kw]);
}

/** Σₙ a[n] · b[n]ᵀ of a [N, P, K] and b [N, Q, K]: [P, Q]. */
function overImages(a: Value, b: Value): Value {
  return ReduceSum(MatMul(a, Transpose(b, [0, 2, 1])), { axes: [0] });
}

/** The image as each kernel tap sees it: [N, kh · kw · C, H' · W'], taps outermost. */
function unfold(x: Value, { kernel, strides, pads, dilations }: Geometry, size: Pair): Value {
  const [n] = x.shape;
  const [, c] = knownImage(x);
  const padded = padImage(x, pads);
  const shifted: Value[] = [];
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const starts = [i * dilations[0], j * dilations[1]] as const;
      const ends = starts.map((start, k) => start + (size[k]! - 1) * strides[k]! + 1);
      const whole = starts.every((s, k) => s === 0 && ends[k] === padded.shape[2 + k]);
      const view = whole ? padded : Slice(padded, { axes: [2, 3], starts, ends, steps: strides });
      shifted.push(Reshape(view, [n!, c, size[0] * size[1]]));
    }
  }
  return shifted.length === 1 ? shifted[0]! : Concat(shifted, 1);
}

/** Pads the image with zeros; a negative pad cuts. */
function padImage(x: Value, [top, left, bottom, right]: Pads): Value {
  const [, , h, w] = knownImage(x);
  const cut = (pad: number) => Math.max(-pad, 0);
  let image = x;
  if ([top, left, bottom, right].some((pad) => pad < 0)) {
    const starts = [cut(top), cut(left)];
    image = Slice(x, { axes: [2, 3], starts, ends: [h - cut(bottom), w - cut(right)] });
  }
  const grow = [top, left, bottom, right].map((pad) => Math.max(pad, 0));
  if (grow.every((pad) => pad === 0)) return image;
  return Pad(image, [0, 0, grow[0]!, grow[1]!], [0, 0, grow[2]!, grow[3]!]);
}

/** Sizes of an image [N, C, H, W] whose batch may be symbolic: it is left as 0. */
function knownImage({ shape }: Value): Image {
  return [0, ...knownShape(shape.slice(1), 'the gradient of Conv')] as Image;
}

export const convRules: Readonly<Record<string, Rule>> = {
  Conv: rule(([x, w], dy, _y, attributes) => [
    () => inputGradient(dy, w!, x!, geometry(attributes)),
    () => weightGradient(x!, dy, geometry(attributes)),
    () => perChannel(dy),
  ]),

  // The adjoint of Conv in its image: image and gradient change places.
  ConvTranspose: rule(([x, w], dy, _y, attributes) => {
    const g = geometry(attributes);
    const { strides, pads, dilations, group } = g;
    return [
      () => Conv(dy, w!, undefined, { strides, pads, dilations, group }),
      () => weightGradient(dy, x!, g),
      () => perChannel(dy),
    ];
  }),

  Resize: rule(([x], dy) => [
    () => {
      const kernel = [2, 3].map((axis) => (dy.shape[axis] as number) / (x!.shape[axis] as number));
      const sum = scalar(kernel[0]! * kernel[1]!);
      return Mul(AveragePool(dy, { kernel: kernel as unknown as Pair }), sum);
    },
  ]),

  AveragePool: rule(([x], dy, _y, { kernel_shape, strides }) => [
    () => unpool(dy, x!, kernel_shape as unknown as Pair, strides as unknown as Pair),
  ]),
};

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
  const image = Resize(Mul(dy, scalar(share)), kernel);
  // Rows and columns that no window covers.
  return padImage(image, [0, 0, h - h2 * kernel[0], w - w2 * kernel[1]]);
}
