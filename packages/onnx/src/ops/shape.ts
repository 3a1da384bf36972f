/** Operators that move elements and change none. */
import { OnnxError } from '../error.ts';
import {
  type Dim,
  expectAxis,
  ints,
  knownDim,
  makeNode,
  makeValue,
  type Shape,
  scalar,
  showShape,
  type Value,
} from '../value.ts';
import { broadcast } from './elementwise.ts';

/**
 * Gives `x` another shape. One symbolic dimension, the same as x's, may remain: its place is
 * written as −1.
 */
export function Reshape(x: Value, shape: Shape): Value {
  const fixed = (dims: Shape) =>
    dims.reduce<number>((n, d) => (typeof d === 'number' ? n * d : n), 1);
  const symbols = (dims: Shape) => dims.filter((d) => typeof d === 'string').join();
  if (fixed(x.shape) !== fixed(shape) || symbols(x.shape) !== symbols(shape)) {
    throw new OnnxError(`Reshape: ${showShape(x.shape)} does not fit ${showShape(shape)}`);
  }
  if (shape.filter((d) => typeof d === 'string').length > 1) {
    throw new OnnxError(`Reshape: more than one unknown dimension in ${showShape(shape)}`);
  }
  const target = ints(shape.map((d) => (typeof d === 'number' ? d : -1)));
  return makeValue('Reshape', [x, target], {}, x.dtype, shape);
}

/** Repeats size-1 dimensions up to `shape`; another dimension, a symbolic one too, stays if given as 1. */
export function Expand(x: Value, shape: readonly number[]): Value {
  return makeValue('Expand', [x, ints(shape)], {}, x.dtype, broadcast('Expand', x.shape, shape));
}

export function Transpose(x: Value, perm: readonly number[]): Value {
  if (perm.toSorted((a, b) => a - b).join() !== x.shape.map((_, axis) => axis).join()) {
    throw new OnnxError(`Transpose: [${perm}] does not permute ${showShape(x.shape)}`);
  }
  return makeValue(
    'Transpose',
    [x],
    { perm },
    x.dtype,
    perm.map((axis) => x.shape[axis]!),
  );
}

export function Concat(values: readonly Value[], axis: number): Value {
  const first = values[0];
  if (!first) throw new OnnxError('Concat: expected at least one value, got none');
  for (const value of values) expectAxis(value, axis, 'Concat');
  const others = (v: Value) => showShape(v.shape.with(axis, 0));
  const odd = values.find((v) => others(v) !== others(first) || v.dtype !== first.dtype);
  if (odd) {
    const [a, b] = [first, odd].map(({ dtype, shape }) => `${dtype} ${showShape(shape)}`);
    throw new OnnxError(`Concat on axis ${axis}: ${a} and ${b} do not fit`);
  }
  const sizes = values.map((v) => v.shape[axis]!);
  const known = sizes.every((d) => typeof d === 'number');
  const total: Dim = known ? sizes.reduce((a, b) => a + b, 0) : sizes.join('+');
  return makeValue('Concat', values, { axis }, first.dtype, first.shape.with(axis, total));
}

/** Cuts `x` along `axis` into pieces of these sizes. */
export function Split(x: Value, sizes: readonly number[], axis: number): readonly Value[] {
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total !== knownDim(x, axis, 'Split') || sizes.some((size) => size < 1)) {
    throw new OnnxError(
      `Split: sizes [${sizes}] do not cut up axis ${axis} of ${showShape(x.shape)}`,
    );
  }
  const outputs = sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.with(axis, size) }));
  return makeNode('Split', [x, ints(sizes)], { axis }, outputs);
}

export interface SliceOptions {
  axes: readonly number[];
  /** First index of each axis. */
  starts: readonly number[];
  /** One past the last index of each axis, within the axis. */
  ends: readonly number[];
  /** Positive steps; 1 by default. */
  steps?: readonly number[];
}

export function Slice(
  x: Value,
  { axes, starts, ends, steps = axes.map(() => 1) }: SliceOptions,
): Value {
  const shape = [...x.shape];
  axes.forEach((axis, i) => {
    // Of a symbolic dimension only the first element is certain.
    const size = typeof x.shape[axis] === 'string' ? 1 : knownDim(x, axis, 'Slice');
    const [start, end, step] = [starts[i]!, ends[i]!, steps[i]!];
    if (!(0 <= start && start < end && end <= size && step > 0)) {
      throw new OnnxError(
        `Slice: ${start}:${end}:${step} is not within axis ${axis} of ${showShape(x.shape)}`,
      );
    }
    shape[axis] = Math.ceil((end - start) / step);
  });
  return makeValue(
    'Slice',
    [x, ints(starts), ints(ends), ints(axes), ints(steps)],
    {},
    x.dtype,
    shape,
  );
}

/** Adds zeros: `begins` before and `ends` after each axis, none negative. */
export function Pad(x: Value, begins: readonly number[], ends: readonly number[]): Value {
  const pads = [...begins, ...ends];
  if (begins.length !== x.rank || ends.length !== x.rank || !pads.every((n) => n >= 0)) {
    throw new OnnxError(`Pad: [${begins}] and [${ends}] do not pad ${showShape(x.shape)}`);
  }
  const shape = x.shape.map((dim, axis): Dim => {
    const extra = begins[axis]! + ends[axis]!;
    return extra === 0 ? dim : knownDim(x, axis, 'Pad') + extra;
  });
  return makeValue('Pad', [x, ints(pads), scalar(0)], {}, x.dtype, shape);
}

/** Picks `indices` along `axis`. */
export function Gather(x: Value, indices: readonly number[], axis: number): Value {
  const size = knownDim(x, axis, 'Gather');
  const outside = indices.find((index) => !(0 <= index && index < size));
  if (outside !== undefined) {
    throw new OnnxError(
      `Gather: index ${outside} is not within axis ${axis} of ${showShape(x.shape)}`,
    );
  }
  const shape = x.shape.with(axis, indices.length);
  return makeValue('Gather', [x, ints(indices)], { axis }, x.dtype, shape);
}
