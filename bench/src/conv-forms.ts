/**
 * Equal ways to write the gradients of the convolutional GAN's layers in ONNX operators. Each form
 * takes inputs of a case's shapes and gives the same result; `bench conv-gradients` says what each
 * costs. @ganport/onnx's gradient rules use the fastest.
 */
import { constant, float32, gradients, ops as op, scalar, type Value } from '@ganport/onnx';

export type Form = (...inputs: Value[]) => Value;

export interface FormCase {
  readonly name: string;
  /** Shapes of the inputs. */
  readonly inputs: readonly (readonly number[])[];
  readonly forms: Readonly<Record<string, Form>>;
}

/** A convolution: batch, channels in and out, input size, kernel size, padding; stride 1. */
interface Geometry {
  n: number;
  c: number;
  o: number;
  size: number;
  kernel: number;
  pad: number;
}

/** The convolutions of the conv preset whose gradients are taken; 128 is real and fake together. */
const CONVOLUTIONS: readonly Geometry[] = [
  { n: 64, c: 1, o: 50, size: 56, kernel: 3, pad: 1 },
  { n: 64, c: 50, o: 25, size: 56, kernel: 3, pad: 1 },
  { n: 128, c: 1, o: 32, size: 28, kernel: 5, pad: 2 },
  { n: 128, c: 32, o: 64, size: 14, kernel: 5, pad: 2 },
];

/** Convolutions before a batch normalisation: conv's first, and some about as narrow. */
const NORMALIZED: readonly Geometry[] = [
  { n: 64, c: 1, o: 50, size: 56, kernel: 3, pad: 1 },
  { n: 64, c: 1, o: 32, size: 28, kernel: 3, pad: 1 },
  { n: 64, c: 1, o: 16, size: 28, kernel: 3, pad: 1 },
  { n: 64, c: 3, o: 64, size: 32, kernel: 3, pad: 1 },
  { n: 64, c: 3, o: 128, size: 32, kernel: 3, pad: 1 },
];

export const CASES: readonly FormCase[] = [
  ...CONVOLUTIONS.map(weightCase),
  ...CONVOLUTIONS.map(inputCase),
  ...NORMALIZED.map(normalizedCase),
  { name: 'avgPool2d, 128×32×14×14', inputs: [[128, 32, 14, 14]], forms: unpoolForms(128, 32, 14) },
  { name: 'leakyRelu, 128×32×28×28', inputs: pair([128, 32, 28, 28]), forms: leakyForms() },
  { name: 'sum per channel, 64×50×56×56', inputs: [[64, 50, 56, 56]], forms: sumForms() },
];

function pair(shape: readonly number[]): (readonly number[])[] {
  return [shape, shape];
}

function title({ n, c, o, size, kernel }: Geometry): string {
  return `${n}×${c}×${size}×${size} → ${o} channels, ${kernel}×${kernel}`;
}

/** x [n, c, size, size] and dy [n, o, size, size] → dw [o, c, kernel, kernel]. */
function weightCase(g: Geometry): FormCase {
  const { n, c, o, size, kernel, pad } = g;
  const [taps, area] = [kernel * kernel, size * size];
  const turned = Array.from({ length: taps }, (_, i) => taps - 1 - i);
  const flat = (x: Value, channels: number) => op.Reshape(x, [n, channels, area]);
  const transposed = (x: Value) => op.Transpose(x, [0, 2, 1]);
  const overBatch = (x: Value) => op.ReduceSum(x, { axes: [0] });
  /** The padded image as each tap sees it, [n, channels, area] each. */
  const shifts = (x: Value, channels: number) => {
    const padded = op.Pad(x, [0, 0, pad, pad], [0, 0, pad, pad]);
    return Array.from({ length: taps }, (_, tap) => {
      const starts = [Math.floor(tap / kernel), tap % kernel];
      const ends = starts.map((start) => start + size);
      return flat(op.Slice(padded, { axes: [2, 3], starts, ends }), channels);
    });
  };
  const unfold = (x: Value) =>
    op.unfold(x, { kernel: [kernel, kernel], pads: [pad, pad, pad, pad] });
  const fromTaps = (products: Value[]) => {
    const columns = products.map((product) => op.Reshape(overBatch(product), [o, c, 1]));
    return op.Reshape(op.Concat(columns, 2), [o, c, kernel, kernel]);
  };
  return {
    name: `Conv weight, ${title(g)}`,
    inputs: [
      [n, c, size, size],
      [n, o, size, size],
    ],
    forms: {
      'x unfolded, one MatMul': (x, dy) => {
        const product = op.MatMul(flat(dy!, o), transposed(op.Concat(shifts(x!, c), 1)));
        const gradient = op.Transpose(op.Reshape(overBatch(product), [o, taps, c]), [0, 2, 1]);
        return op.Reshape(gradient, [o, c, kernel, kernel]);
      },
      'dy unfolded, one MatMul': (x, dy) => {
        const product = op.MatMul(flat(x!, c), transposed(op.Concat(shifts(dy!, o), 1)));
        const gradient = op.Gather(op.Reshape(overBatch(product), [c, taps, o]), turned, 1);
        return op.Reshape(op.Transpose(gradient, [2, 0, 1]), [o, c, kernel, kernel]);
      },
      'a MatMul per tap of x': (x, dy) =>
        fromTaps(shifts(x!, c).map((shift) => op.MatMul(flat(dy!, o), transposed(shift)))),
      'a MatMul per tap of dy': (x, dy) => {
        const image = transposed(flat(x!, c));
        return fromTaps(
          shifts(dy!, o)
            .reverse()
            .map((shift) => op.MatMul(shift, image)),
        );
      },
      'x unfolded by a grouped Conv': (x, dy) => {
        const product = op.MatMul(flat(dy!, o), transposed(unfold(x!)));
        return op.Reshape(overBatch(product), [o, c, kernel, kernel]);
      },
      'dy unfolded by a grouped Conv': (x, dy) => {
        const product = op.MatMul(flat(x!, c), transposed(unfold(dy!)));
        const gradient = op.Gather(op.Reshape(overBatch(product), [c, o, taps]), turned, 2);
        return op.Reshape(op.Transpose(gradient, [1, 0, 2]), [o, c, kernel, kernel]);
      },
      'Conv over transposed tensors': (x, dy) => {
        const [images, filters] = [x!, dy!].map((v) => op.Transpose(v, [1, 0, 2, 3]));
        const gradient = op.Conv(images!, filters!, undefined, { pads: [pad, pad, pad, pad] });
        return op.Transpose(gradient, [1, 0, 2, 3]);
      },
    },
  };
}

/** dy [n, o, size, size] and w [o, c, kernel, kernel] → dx [n, c, size, size]. */
function inputCase(g: Geometry): FormCase {
  const { n, c, o, size, kernel, pad } = g;
  const taps = kernel * kernel;
  const turned = Array.from({ length: taps }, (_, i) => taps - 1 - i);
  return {
    name: `Conv input, ${title(g)}`,
    inputs: [
      [n, o, size, size],
      [o, c, kernel, kernel],
    ],
    forms: {
      'Conv, kernel turned': (dy, w) => {
        const swapped = op.Reshape(op.Transpose(w!, [1, 0, 2, 3]), [c, o, taps]);
        const weights = op.Reshape(op.Gather(swapped, turned, 2), [c, o, kernel, kernel]);
        const side = kernel - 1 - pad;
        return op.Conv(dy!, weights, undefined, { pads: [side, side, side, side] });
      },
      ConvTranspose: (dy, w) =>
        op.ConvTranspose(dy!, w!, undefined, { pads: [pad, pad, pad, pad] }),
    },
  };
}

/** A convolution, batch normalisation and ReLU, forward and back: its input's gradient plus the sums of the others. */
function normalizedCase(g: Geometry): FormCase {
  const { n, c, o, size, kernel, pad } = g;
  const form =
    (normalize: typeof op.normalizeConv): Form =>
    (...[x, w, scale, bias]) => {
      const conv = op.Conv(x!, w!, undefined, { pads: [pad, pad, pad, pad] });
      const y = op.Relu(normalize(conv, scale!, bias!, 1e-5)[0]);
      const [dx, ...rest] = gradients(op.mean(op.Mul(y, y)), [x!, w!, scale!, bias!]);
      return rest.reduce((sum, d) => op.Add(sum, op.ReduceSum(d)), dx!);
    };
  return {
    name: `Conv, batch norm, ReLU and their gradients, ${title(g)}`,
    inputs: [[n, c, size, size], [o, c, kernel, kernel], [o], [o]],
    forms: {
      'statistics of its output': form(op.BatchNormalizationTraining),
      'statistics of its output, composed': form(op.normalizeBatch),
      'statistics of its input': form(op.normalizeConv),
    },
  };
}

/** dy [n, c, size, size] → each value over a 2 × 2 window. */
function unpoolForms(n: number, c: number, size: number): Record<string, Form> {
  const shape = [n, c, size * 2, size * 2];
  return {
    Resize: (dy) => op.Resize(dy!, [2, 2]),
    Expand: (dy) => {
      const apart = op.Reshape(dy!, [n, c, size, 1, size, 1]);
      return op.Reshape(op.Expand(apart, [1, 1, 1, 2, 1, 2]), shape);
    },
    'Concat, twice': (dy) => {
      const column = op.Reshape(dy!, [n * c * size * size, 1]);
      const row = op.Reshape(op.Concat([column, column], 1), [n * c * size, 1, size * 2]);
      return op.Reshape(op.Concat([row, row], 1), shape);
    },
    'product of matrices': (dy) => {
      const repeat = new Float32Array(size * size * 4);
      for (let i = 0; i < size * 4; i += 1) repeat[((i % (size * 2)) >> 1) * size * 4 + i] = 1;
      return op.Reshape(op.MatMul(dy!, constant(float32(repeat, [size, size * 4]))), shape);
    },
    'grouped ConvTranspose': (dy) => {
      const ones = constant(float32(new Float32Array(c * 4).fill(1), [c, 1, 2, 2]));
      return op.ConvTranspose(dy!, ones, undefined, { strides: [2, 2], group: c });
    },
  };
}

/** dy and y of leakyRelu with slope 0.2 → dx. */
function leakyForms(): Record<string, Form> {
  return {
    'Clip of a multiple': (dy, y) => op.Mul(dy!, op.Clip(op.Mul(y!, scalar(1e30)), 0.2, 1)),
    'Clip of Sign': (dy, y) => op.Mul(dy!, op.Clip(op.Sign(y!), 0.2, 1)),
    'Where, slopes': (dy, y) =>
      op.Mul(dy!, op.Where(op.Greater(y!, scalar(0)), scalar(1), scalar(0.2))),
    'Where, gradients': (dy, y) =>
      op.Where(op.Greater(y!, scalar(0)), dy!, op.Mul(dy!, scalar(0.2))),
  };
}

function sumForms(): Record<string, Form> {
  return {
    'two stages': (x) => op.ReduceSum(op.ReduceSum(x!, { axes: [2, 3] }), { axes: [0] }),
    'one stage': (x) => op.ReduceSum(x!, { axes: [0, 2, 3] }),
  };
}
