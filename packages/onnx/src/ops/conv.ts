/** Convolution, its transpose, pooling and batch normalisation, of NCHW images. */
import { OnnxError } from '../error.ts';
import { float32 } from '../tensor.ts';
import {
  constant,
  type Dim,
  expectAxis,
  makeNode,
  makeValue,
  scalar,
  showShape,
  type Value,
} from '../value.ts';
import { Add, Div, Mul, Sqrt, Sub } from './elementwise.ts';
import { mean } from './linear.ts';
import { Reshape, Slice } from './shape.ts';

type Pair = readonly [number, number];

/** Zeros around an image: [top, left, bottom, right], as ONNX orders them. */
export type Pads = readonly [number, number, number, number];

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

/** Repeats each pixel of x [N, C, H, W] so many times down and across: nearest-neighbour scaling. */
export function Resize(x: Value, [down, across]: Pair): Value {
  const [n, c, h, w] = imageShape('Resize', x);
  const shape = [n!, c!, known('Resize', x, h!) * down, known('Resize', x, w!) * across];
  // The defaults, "half_pixel" and "round_prefer_floor", pick the pixel meant for any whole scale.
  const scales = constant(float32([1, 1, down, across]));
  return makeValue('Resize', [x, undefined, scales], {}, x.dtype, shape);
}

/** (x − mean) / √(variance + epsilon) · scale + bias, each of the four [C] (Ioffe & Szegedy 2015). */
export function BatchNormalization(
  x: Value,
  scale: Value,
  bias: Value,
  mean: Value,
  variance: Value,
  epsilon: number,
): Value {
  expectPerChannel(x, { scale, bias, mean, variance });
  const inputs = [x, scale, bias, mean, variance];
  return makeValue('BatchNormalization', inputs, { epsilon: { float: epsilon } }, x.dtype, x.shape);
}

/**
 * Batch normalisation with the batch's own mean and (population) variance over all axes but the
 * second. Returns [y, mean [C], variance [C]].
 */
export function BatchNormalizationTraining(
  x: Value,
  scale: Value,
  bias: Value,
  epsilon: number,
): readonly [y: Value, mean: Value, variance: Value] {
  expectPerChannel(x, { scale, bias });
  // momentum 0: the "running" outputs are this batch's statistics, whatever the running inputs are.
  // onnxruntime 1.30 keeps each output in its input's buffer, even if others use that input: give it
  // two that nothing else uses. Made from x, so that no two of these nodes can come to share them.
  const rest = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const first = Slice(x, { axes: rest, starts: rest.map(() => 0), ends: rest.map(() => 1) });
  const unused = Reshape(first, [x.shape[1]!]);
  const attributes = { epsilon: { float: epsilon }, momentum: { float: 0 }, training_mode: 1 };
  const channel = { dtype: x.dtype, shape: [x.shape[1]!] };
  const [y, mean, variance] = makeNode(
    'BatchNormalization',
    [x, scale, bias, unused, Mul(unused, scalar(0))],
    attributes,
    [{ dtype: x.dtype, shape: x.shape }, channel, channel],
  );
  return [y!, mean!, variance!];
}

/**
 * The same in operators that every provider has: onnxruntime's GPU providers lack the training mode.
 * Returns [y, mean [C], variance [C]].
 */
export function normalizeBatch(
  x: Value,
  scale: Value,
  bias: Value,
  epsilon: number,
): readonly [y: Value, mean: Value, variance: Value] {
  expectPerChannel(x, { scale, bias });
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const channels = x.shape.map((_, axis) => (axis === 1 ? x.shape[1]! : 1));
  const average = mean(x, { axes, keepdims: true });
  const centred = Sub(x, average);
  const variance = mean(Mul(centred, centred), { axes, keepdims: true });
  const slope = Div(Reshape(scale, channels), Sqrt(Add(variance, scalar(epsilon))));
  const y = Add(Mul(centred, slope), Reshape(bias, channels));
  return [y, Reshape(average, [x.shape[1]!]), Reshape(variance, [x.shape[1]!])];
}

function imageShape(what: string, { shape }: Value): readonly Dim[] {
  if (shape.length !== 4)
    throw new OnnxError(`${what}: expected four dimensions, got ${showShape(shape)}`);
  return shape;
}

function expectPerChannel(x: Value, vectors: Readonly<Record<string, Value>>): void {
  expectAxis(x, 1, 'BatchNormalization');
  for (const [name, vector] of Object.entries(vectors)) {
    expectShape(`BatchNormalization ${name}`, vector, [x.shape[1]!]);
  }
}

function expectShape(what: string, { shape }: Value, expected: readonly Dim[]): void {
  if (showShape(shape) === showShape(expected)) return;
  throw new OnnxError(`${what}: expected ${showShape(expected)}, got ${showShape(shape)}`);
}

function known(op: string, x: Value, dim: Dim): number {
  if (typeof dim === 'number') return dim;
  throw new OnnxError(`${op}: height and width of ${showShape(x.shape)} must be known sizes`);
}
