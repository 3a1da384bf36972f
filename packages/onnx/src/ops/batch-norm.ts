/**
 * Batch normalisation (Ioffe & Szegedy 2015) of x [N, C, ...] with scale and bias [C]; statistics are over
 * all axes but the second, the variance the population's. Shapes that do not fit are an OnnxError.
 */
import { OnnxError } from '../error.ts';
import { sizeOf } from '../tensor.ts';
import {
  expectAxis,
  expectShape,
  knownShape,
  makeNode,
  makeValue,
  scalar,
  showShape,
  type Value,
} from '../value.ts';
import { Conv, unfold } from './conv.ts';
import { Add, Div, Mul, Relu, Sqrt, Sub } from './elementwise.ts';
import { geometry } from './geometry.ts';
import { MatMul, ReduceSum } from './linear.ts';
import { Reshape, Slice } from './shape.ts';
import { sumOfProducts, sumPerChannel } from './sums.ts';

/** The normalised batch, of x's shape, and its mean and variance, [C] each. */
export type Normalized = readonly [y: Value, mean: Value, variance: Value];

/** (x − mean) / √(variance + epsilon) · scale + bias, each of the four [C]. */
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
 * Batch normalisation with the batch's own statistics, by one operator; composed of several where a provider
 * lacks its training mode, as onnxruntime's GPU providers do.
 */
export function BatchNormalizationTraining(
  x: Value,
  scale: Value,
  bias: Value,
  epsilon: number,
): Normalized {
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
    { composed: () => normalizeBatch(x, scale, bias, epsilon) },
  );
  return [y!, mean!, variance!];
}

/** The same in operators that every provider has. */
export function normalizeBatch(x: Value, scale: Value, bias: Value, epsilon: number): Normalized {
  expectPerChannel(x, { scale, bias });
  const channels = x.shape.map((_, axis) => (axis === 1 ? x.shape[1]! : 1));
  const rest = x.shape.filter((_, axis) => axis !== 1);
  const count = knownShape(rest, 'batch normalisation').reduce((a, b) => a * b, 1);
  const meanOf = (values: Value) =>
    Reshape(Mul(sumPerChannel(values), scalar(1 / count)), channels);
  const average = meanOf(x);
  const centred = Sub(x, average);
  const variance = meanOf(Mul(centred, centred));
  const slope = Div(Reshape(scale, channels), Sqrt(Add(variance, scalar(epsilon))));
  const y = Add(Mul(centred, slope), Reshape(bias, channels));
  return [y, Reshape(average, [x.shape[1]!]), Reshape(variance, [x.shape[1]!])];
}

/** From so many filters per number under the kernel, `normalizeConv` is the fastest: `pnpm bench conv-gradients`. */
const NARROW = 3;

/**
 * Whether x is a convolution with many more filters than numbers under its kernel, over all channels.
 * Then its statistics are had for less from its input, see `normalizeConv`.
 */
export function isNarrowConv(x: Value): boolean {
  if (!isPlainConv(x)) return false;
  const [filters, ...seen] = x.node!.inputs[1]!.shape as number[];
  return NARROW * sizeOf(seen) <= filters!;
}

/** Of one group, and with a batch of known size. */
function isPlainConv({ node, shape }: Value): boolean {
  return (
    node?.op === 'Conv' && geometry(node.attributes).group === 1 && typeof shape[0] === 'number'
  );
}

/**
 * The same of a narrow convolution x = w ∗ u + b, without a pass over x: with the mean μ and the covariance
 * Σ of what the kernel sees of u, its mean is wμ + b and its variance the diagonal of wΣwᵀ. Scale and
 * bias go into the kernel; b has no part in y. Forward and back it is a convolution of u and sums over
 * what w sees, where the other forms pass over x ten times.
 * The variance's relative error is a rounding's times |w|² · Σ's greatest eigenvalue / variance: a filter that
 * answers to very little of what it sees is scaled less exactly than by the other forms.
 * @throws OnnxError unless x comes from a Conv of one group, with a batch of known size
 */
export function normalizeConv(x: Value, scale: Value, bias: Value, epsilon: number): Normalized {
  if (!isPlainConv(x)) {
    const got = `${x.node?.op ?? 'a value without a node'} ${showShape(x.shape)}`;
    throw new OnnxError(
      `normalizeConv: expected a Conv of one group and a known batch, got ${got}`,
    );
  }
  expectPerChannel(x, { scale, bias });
  const [u, w, b] = x.node!.inputs as [Value, Value, Value | undefined];
  const [filters, ...kernel] = w.shape as [number, number, number, number];
  const size = sizeOf(kernel);
  const { group: _, ...options } = geometry(x.node!.attributes);
  const seen = unfold(u, options);
  const perElement = scalar(1 / (Number(seen.shape[0]) * Number(seen.shape[2])));
  const average = Mul(sumPerChannel(seen), perElement);
  const centred = Sub(seen, Reshape(average, [size, 1]));
  const covariance = Mul(sumOfProducts(centred, centred), perElement);
  const rows = Reshape(w, [filters, size]);
  const mean = Reshape(MatMul(rows, Reshape(average, [size, 1])), [filters]);
  const squares = ReduceSum(Mul(MatMul(rows, covariance), rows), { axes: [1] });
  // Rounding can take a variance of nearly nothing below it.
  const variance = Relu(squares);
  const slope = Div(scale, Sqrt(Add(variance, scalar(epsilon))));
  const scaled = Mul(w, Reshape(slope, [filters, 1, 1, 1]));
  const y = Conv(u, scaled, Sub(bias, Mul(mean, slope)), options);
  return [y, b ? Add(mean, b) : mean, variance];
}

function expectPerChannel(x: Value, vectors: Readonly<Record<string, Value>>): void {
  expectAxis(x, 1, 'BatchNormalization');
  for (const [name, vector] of Object.entries(vectors)) {
    expectShape(`BatchNormalization ${name}`, vector, [x.shape[1]!]);
  }
}
