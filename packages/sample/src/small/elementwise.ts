/** Operators that work number by number, and how shapes are told and repeated. */
import { sizeOf } from '@ganport/onnx';
import { type Attribute, type Tensor, zeros } from './graph.ts';

export type Attributes = Readonly<Record<string, Attribute>>;

/** Inputs that were left out are undefined. Of several outputs it gives a list. */
export type Kernel = (inputs: readonly Tensor[], attributes: Attributes) => Tensor | Tensor[];

export function map({ shape, data }: Tensor, change: (value: number) => number): Tensor {
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i += 1) out[i] = change(data[i]!);
  return { shape, data: out };
}

export function each(of: (attributes: Attributes) => (value: number) => number): Kernel {
  return ([x], attributes) => map(x!, of(attributes));
}

/** Of two operands, of which either is repeated along axes of size 1. */
export function both(combine: (x: number, y: number) => number): Kernel {
  return ([x, y]) => {
    const rank = Math.max(x!.shape.length, y!.shape.length);
    const [a, b] = [padded(x!.shape, rank), padded(y!.shape, rank)];
    const shape = a.map((size, axis) => (size === 1 ? b[axis]! : size));
    const data = zeros(shape);
    const [xAt, yAt] = [places(a, shape), places(b, shape)];
    for (let i = 0; i < data.length; i += 1) data[i] = combine(x!.data[xAt(i)]!, y!.data[yAt(i)]!);
    return { shape, data };
  };
}

/** Repeated along axes of size 1. */
export function expand(x: Tensor, to: readonly number[]): Tensor {
  const rank = Math.max(x.shape.length, to.length);
  const [own, wanted] = [padded(x.shape, rank), padded(to, rank)];
  const shape = own.map((size, axis) => (size === 1 ? wanted[axis]! : size));
  const at = places(own, shape);
  const data = zeros(shape);
  for (let i = 0; i < data.length; i += 1) data[i] = x.data[at(i)]!;
  return { shape, data };
}

function padded(shape: readonly number[], rank: number): number[] {
  return [...Array<number>(rank - shape.length).fill(1), ...shape];
}

/** From an index within `shape` to that within an operand `own` of the same rank, which is repeated. */
export function places(
  own: readonly number[],
  shape: readonly number[],
): (index: number) => number {
  if (own.every((size, axis) => size === shape[axis])) return (index) => index;
  if (sizeOf(own) === 1) return () => 0;
  const steps = strides(own).map((step, axis) => (own[axis] === 1 ? 0 : step));
  return gather(shape, steps);
}

export function strides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** From an index within `shape` to Σ coordinate × step. */
function gather(shape: readonly number[], steps: readonly number[], start = 0) {
  return (index: number): number => {
    let [rest, at] = [index, start];
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      at += (rest % shape[axis]!) * steps[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return at;
  };
}

export function gathered(x: Tensor, shape: number[], steps: readonly number[], start = 0): Tensor {
  const place = gather(shape, steps, start);
  const data = zeros(shape);
  for (let i = 0; i < data.length; i += 1) data[i] = x.data[place(i)]!;
  return { shape, data };
}

export function batchNormalization(
  inputs: readonly Tensor[],
  { epsilon = 1e-5 }: Attributes,
): Tensor {
  const [x, scale, bias, mean, variance] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const channels = scale.data.length;
  const plane = sizeOf(x.shape.slice(2));
  const data = new Float32Array(x.data.length);
  const factors = scale.data.map((s, i) => s / Math.sqrt(variance.data[i]! + (epsilon as number)));
  for (let i = 0; i < data.length; i += 1) {
    const channel = Math.floor(i / plane) % channels;
    data[i] = (x.data[i]! - mean.data[channel]!) * factors[channel]! + bias.data[channel]!;
  }
  return { shape: x.shape, data };
}
