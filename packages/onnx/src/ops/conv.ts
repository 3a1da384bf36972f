/** Convolution, its transpose, pooling and scaling, of NCHW images. */
import { OnnxError } from '../error.ts';
import { float32 } from '../tensor.ts';
import {
  constant,
  type Dim,
  expectShape,
  knownDim,
  makeValue,
  showShape,
  type Value,
} from '../value.ts';
import type { Pads, Pair } from './geometry.ts';
import { Reshape } from './shape.ts';

export interface ConvOptions {
  strides?: Pair;
  pads?: Pads;
  dilations?: Pair;
  group?: number;
}

export interface ConvTransposeOptions extends ConvOptions {
  /** Rows and columns added below and right, where several input sizes give one output size. */
  outputPadding?: Pair;
}

export const CONV_DEFAULTS = {
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  group: 1,
  outputPadding: [0, 0],
} as const satisfies Required<ConvTransposeOptions>;

/** x [N, C, H, W], w [O, C / group, kh, kw], b [O] → [N, O, H', W']. */
export function Conv(x: Value, w: Value, b?: Value, options: ConvOptions = {}): Value {
  const { strides, pads, dilations, group } = { ...CONV_DEFAULTS, ...options };
  const [n, c, ...image] = imageShape('Conv', x);
  const [filters, channels, ...kernel] = imageShape('Conv weight', w);
  if (c !== Number(channels) * group || Number(filters) % group !== 0) {
    throw new OnnxError(
      `Conv: image ${showShape(x.shape)} does not fit weight ${showShape(w.shape)} in ${group} group(s)`,
    );
  }
  if (b) expectShape('Conv bias', b, [filters!]);
  const size = image.map((dim, i) => {
    const reach = dilations[i]! * (Number(kernel[i]) - 1) + 1;
    const room = known('Conv', x, dim) + pads[i]! + pads[i + 2]! - reach;
    if (room < 0)
      throw new OnnxError(`Conv: kernel ${reach} is larger than image ${showShape(x.shape)}`);
    return Math.floor(room / strides[i]!) + 1;
  });
  const attributes = { kernel_shape: kernel.map(Number), strides, pads, dilations, group };
  return makeValue('Conv', b ? [x, w, b] : [x, w], attributes, x.dtype, [n!, filters!, ...size]);
}

/** x [N, C, H, W], w [C, O / group, kh, kw], b [O] → [N, O, H', W']: the adjoint of Conv in x. */
export function ConvTranspose(
  x: Value,
  w: Value,
  b?: Value,
  options: ConvTransposeOptions = {},
): Value {
  const { strides, pads, dilations, group, outputPadding } = { ...CONV_DEFAULTS, ...options };
  const [n, c, ...image] = imageShape('ConvTranspose', x);
  const [channels, filters, ...kernel] = imageShape('ConvTranspose weight', w);
  if (c !== channels) {
    throw new OnnxError(
      `ConvTranspose: image ${showShape(x.shape)} does not fit weight ${showShape(w.shape)}`,
    );
  }
  if (b) expectShape('ConvTranspose bias', b, [Number(filters) * group]);
  const size = image.map((dim, i) => {
    const reach = dilations[i]! * (Number(kernel[i]) - 1) + 1;
    const spread = strides[i]! * (known('ConvTranspose', x, dim) - 1) + reach;
    return spread + outputPadding[i]! - pads[i]! - pads[i + 2]!;
  });
  if (size.some((dim) => dim < 1)) {
    throw new OnnxError(`ConvTranspose: pads [${pads}] leave nothing of ${showShape(x.shape)}`);
  }
  const attributes = {
    kernel_shape: kernel.map(Number),
    strides,
    pads,
    dilations,
    group,
    output_padding: outputPadding,
  };
  const shape = [n!, Number(filters) * group, ...size];
  return makeValue('ConvTranspose', b ? [x, w, b] : [x, w], attributes, x.dtype, shape);
}

export interface PoolOptions {
  kernel: Pair;
  strides?: Pair;
}

/** Mean of each window of x [N, C, H, W], without padding; strides default to the kernel. */
export function AveragePool(x: Value, { kernel, strides = kernel }: PoolOptions): Value {
  const [n, c, ...image] = imageShape('AveragePool', x);
  const size = image.map((dim, i) => {
    const room = known('AveragePool', x, dim) - kernel[i]!;
    if (room < 0)
      throw new OnnxError(`AveragePool: window ${kernel[i]} is larger than ${showShape(x.shape)}`);
    return Math.floor(room / strides[i]!) + 1;
  });
  const attributes = { kernel_shape: kernel, strides };
  return makeValue('AveragePool', [x], attributes, x.dtype, [n!, c!, ...size]);
}

/** The greatest number of each channel of x [N, C, H, W]: [N, C, 1, 1]. */
export function GlobalMaxPool(x: Value): Value {
  const [n, c] = imageShape('GlobalMaxPool', x);
  return makeValue('GlobalMaxPool', [x], {}, x.dtype, [n!, c!, 1, 1]);
}

/** Repeats each pixel of x [N, C, H, W] so many times down and across: nearest-neighbour scaling. */
export function Resize(x: Value, [down, across]: Pair): Value {
  const [n, c, h, w] = imageShape('Resize', x);
  const shape = [n!, c!, known('Resize', x, h!) * down, known('Resize', x, w!) * across];
  // The defaults, "half_pixel" and "round_prefer_floor", pick the pixel meant for any whole scale.
  const scales = constant(float32([1, 1, down, across]));
  return makeValue('Resize', [x, undefined, scales], {}, x.dtype, shape);
}

/**
 * What each tap of a convolution's kernel sees of the image x [N, C, H, W]: [N, C · kh · kw, H' · W'],
 * laid out as a weight [O, C · kh · kw] is. A convolution of each channel with kernels that have a single 1.
 * @throws OnnxError if C, H or W is symbolic, or the kernel does not fit
 */
export function unfold(
  x: Value,
  { kernel, ...options }: Omit<ConvOptions, 'group'> & { kernel: Pair },
): Value {
  const c = knownDim(x, 1, 'unfold');
  const taps = kernel[0] * kernel[1];
  const kernels = new Float32Array(c * taps * taps);
  for (let i = 0; i < c * taps; i++) kernels[i * taps + (i % taps)] = 1;
  const weights = constant(float32(kernels, [c * taps, 1, ...kernel]));
  const seen = Conv(x, weights, undefined, { ...options, group: c });
  const [n, , h, w] = seen.shape as [Dim, Dim, number, number];
  return Reshape(seen, [n, c * taps, h * w]);
}

function imageShape(what: string, { shape }: Value): readonly Dim[] {
  if (shape.length !== 4)
    throw new OnnxError(`${what}: expected four dimensions, got ${showShape(shape)}`);
  return shape;
}

function known(op: string, x: Value, dim: Dim): number {
  if (typeof dim === 'number') return dim;
  throw new OnnxError(`${op}: height and width of ${showShape(x.shape)} must be known sizes`);
}
