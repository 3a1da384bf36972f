/** Operators that move numbers about, and sums along axes. */
import { sizeOf } from '@ganport/onnx';
import { SampleError } from '../error.ts';
import { type Attributes, gathered, places, strides } from './elementwise.ts';
import { type Tensor, zeros } from './graph.ts';

export function reshaped({ shape, data }: Tensor, to: number[]): number[] {
  const sizes = to.map((size, axis) => (size === 0 ? shape[axis]! : size));
  const known = sizeOf(sizes.filter((size) => size !== -1));
  return sizes.map((size) => (size === -1 ? data.length / known : size));
}

export function transpose(x: Tensor, order: number[]): Tensor {
  const steps = strides(x.shape);
  return gathered(
    x,
    order.map((axis) => x.shape[axis]!),
    order.map((axis) => steps[axis]!),
  );
}

/** Axes count from the end where they are negative. */
function positive(axis: number, { shape }: Tensor): number {
  return axis < 0 ? axis + shape.length : axis;
}

export function concat(inputs: readonly Tensor[], attributes: Attributes): Tensor {
  const first = inputs[0]!;
  const axis = positive(attributes.axis as number, first);
  const rows = sizeOf(first.shape.slice(0, axis));
  const widths = inputs.map(({ data }) => data.length / rows);
  const width = widths.reduce((sum, each) => sum + each, 0);
  const data = zeros([rows, width]);
  for (let row = 0; row < rows; row += 1) {
    let at = row * width;
    for (const [i, input] of inputs.entries()) {
      data.set(input.data.subarray(row * widths[i]!, (row + 1) * widths[i]!), at);
      at += widths[i]!;
    }
  }
  const shape = [...first.shape];
  shape[axis] = inputs.reduce((sum, input) => sum + input.shape[axis]!, 0);
  return { shape, data };
}

export function slice([x, starts, ends, axes, steps]: readonly Tensor[]): Tensor {
  if (steps?.data.some((step) => step !== 1)) throw new SampleError('Slice has a step');
  const shape = [...x!.shape];
  const own = strides(shape);
  let start = 0;
  for (let i = 0; i < starts!.data.length; i += 1) {
    const axis = positive(axes?.data[i] ?? i, x!);
    const size = x!.shape[axis]!;
    const within = (at: number) => Math.max(0, Math.min(size, at < 0 ? at + size : at));
    const from = within(starts!.data[i]!);
    shape[axis] = Math.max(0, within(ends!.data[i]!) - from);
    start += from * own[axis]!;
  }
  return gathered(x!, shape, own, start);
}

/** Into parts of the sizes that are given. */
export function split([x, sizes]: readonly Tensor[], { axis = 0 }: Attributes): Tensor[] {
  const along = positive(axis as number, x!);
  const own = strides(x!.shape);
  if (!sizes) throw new SampleError('Split is given no sizes');
  let start = 0;
  return Array.from(sizes.data, (size) => {
    const shape = [...x!.shape];
    shape[along] = size;
    start += size * own[along]!;
    return gathered(x!, shape, own, start - size * own[along]!);
  });
}

export function reduceSum([x, axes]: readonly Tensor[], { keepdims = 1 }: Attributes): Tensor {
  const summed = x!.shape.map(
    (_, axis) => !axes || axes.data.some((each) => positive(each, x!) === axis),
  );
  const kept = x!.shape.map((size, axis) => (summed[axis] ? 1 : size));
  const place = places(kept, x!.shape);
  const sums = new Float64Array(sizeOf(kept));
  for (let i = 0; i < x!.data.length; i += 1) sums[place(i)]! += x!.data[i]!;
  const shape = keepdims ? kept : kept.filter((_, axis) => !summed[axis]);
  return { shape, data: Float32Array.from(sums) };
}

/** Of images that are enlarged by whole numbers, the nearest pixel. */
export function resize([x, , scales]: readonly Tensor[], { mode = 'nearest' }: Attributes): Tensor {
  const factors = Array.from(scales!.data);
  if (mode !== 'nearest' || factors.some((factor) => factor < 1 || !Number.isInteger(factor))) {
    throw new SampleError('Resize does other than enlarge by whole numbers');
  }
  const shape = x!.shape.map((size, axis) => size * factors[axis]!);
  const steps = strides(x!.shape);
  const data = zeros(shape);
  for (let i = 0; i < data.length; i += 1) {
    let [rest, at] = [i, 0];
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      at += Math.floor((rest % shape[axis]!) / factors[axis]!) * steps[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    data[i] = x!.data[at]!;
  }
  return { shape, data };
}
