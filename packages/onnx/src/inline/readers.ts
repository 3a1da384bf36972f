/** How a node of each operator is read: the operator's function of values, given what the node says. */
import { OnnxError } from '../error.ts';
import * as op from '../ops/index.ts';
import { DATA_TYPES, type DType } from '../tensor.ts';
import { constant, constantOf, type Dim, showShape, type Value } from '../value.ts';
import type { Attributes } from './attributes.ts';

export interface Reader {
  /** How many inputs it cannot do without: its first. */
  needs: number;
  read(inputs: readonly Value[], attributes: Attributes): Value | readonly Value[];
}

const reader = (needs: number, read: Reader['read']): Reader => ({ needs, read });
const unary = (f: (x: Value) => Value) => reader(1, ([x]) => f(x!));
const binary = (f: (a: Value, b: Value) => Value) => reader(2, ([a, b]) => f(a!, b!));

/** The numbers of an input that shapes depend on, which a graph of values has as a constant. */
function numbers(value: Value, what: string): number[] {
  const tensor = constantOf(value);
  if (tensor) return Array.from(tensor.data, Number);
  throw new OnnxError(`${what}: expected a constant, got a value that is computed`);
}

/** An axis counted from the front. */
const fromFront = (axis: number, { rank }: Value): number => (axis < 0 ? axis + rank : axis);

export const READERS: Readonly<Record<string, Reader>> = {
  Abs: unary(op.Abs),
  Exp: unary(op.Exp),
  Identity: unary(op.Identity),
  Log: unary(op.Log),
  Neg: unary(op.Neg),
  Relu: unary(op.Relu),
  Sigmoid: unary(op.Sigmoid),
  Sign: unary(op.Sign),
  Softplus: unary(op.Softplus),
  Sqrt: unary(op.Sqrt),
  Tanh: unary(op.Tanh),
  GlobalMaxPool: unary(op.GlobalMaxPool),

  Add: binary(op.Add),
  Div: binary(op.Div),
  Mul: binary(op.Mul),
  Sub: binary(op.Sub),
  Equal: binary(op.Equal),
  Greater: binary(op.Greater),
  MatMul: binary(op.MatMul),

  Where: reader(3, ([condition, a, b]) => op.Where(condition!, a!, b!)),
  LeakyRelu: reader(1, ([x], a) => op.LeakyRelu(x!, a.float('alpha', 0.01))),
  HardSigmoid: reader(1, ([x], a) =>
    op.HardSigmoid(x!, a.float('alpha', 0.2), a.float('beta', 0.5)),
  ),
  Clip: reader(1, ([x, min, max]) => {
    const limit = (value: Value | undefined, otherwise: number) =>
      value ? numbers(value, 'a limit of Clip')[0]! : otherwise;
    return op.Clip(x!, limit(min, -MOST), limit(max, MOST));
  }),
  Cast: reader(1, ([x], a) => {
    const to = a.int('to', 0);
    const found = Object.entries(DATA_TYPES).find(([, id]) => id === to);
    if (found) return op.Cast(x!, found[0] as DType);
    throw new OnnxError(`Cast: element type ${to} is not supported`);
  }),
  Constant: reader(0, (_, a) => constant(a.tensor('value'))),

  Gemm: reader(2, ([a, b, c], attributes) => {
    attributes.only('alpha', 1);
    attributes.only('beta', 1);
    const [transA, transB] = [attributes.int('transA', 0), attributes.int('transB', 0)];
    return op.Gemm(a!, b!, c, { transA: transA !== 0, transB: transB !== 0 });
  }),
  ReduceSum: reader(1, ([x, axes], a) => {
    a.only('noop_with_empty_axes', 0);
    const keepdims = a.int('keepdims', 1) !== 0;
    const along = axes ? numbers(axes, 'axes of ReduceSum') : [];
    if (along.length === 0) return op.ReduceSum(x!, { keepdims });
    return op.ReduceSum(x!, { axes: along.map((axis) => fromFront(axis, x!)), keepdims });
  }),

  Reshape: reader(2, ([x, shape], a) => {
    a.only('allowzero', 0);
    return op.Reshape(x!, reshaped(x!, numbers(shape!, 'the shape of Reshape')));
  }),
  Expand: reader(2, ([x, shape]) => op.Expand(x!, numbers(shape!, 'the shape of Expand'))),
  Transpose: reader(1, ([x], a) =>
    op.Transpose(x!, a.ints('perm') ?? x!.shape.map((_, axis) => axis).reverse()),
  ),
  Concat: reader(1, (values, a) => op.Concat(values, fromFront(a.int('axis', 0), values[0]!))),
  Split: reader(2, ([x, sizes], a) =>
    op.Split(x!, numbers(sizes!, 'sizes of Split'), fromFront(a.int('axis', 0), x!)),
  ),
  Slice: reader(3, ([x, starts, ends, axes, steps]) => {
    const [from, to] = [numbers(starts!, 'starts of Slice'), numbers(ends!, 'ends of Slice')];
    const along = axes ? numbers(axes, 'axes of Slice') : from.map((_, axis) => axis);
    const sizes = along.map((axis) => Number(x!.shape[fromFront(axis, x!)]));
    const within = (places: readonly number[]) =>
      places.map((at, i) => Math.min(at < 0 ? at + sizes[i]! : at, sizes[i]!));
    return op.Slice(x!, {
      axes: along.map((axis) => fromFront(axis, x!)),
      ...{ starts: within(from), ends: within(to) },
      ...(steps && { steps: numbers(steps, 'steps of Slice') }),
    });
  }),
  Pad: reader(2, ([x, pads, value, axes], a) => {
    a.only('mode', 'constant');
    if (axes || (value && numbers(value, 'the value of Pad')[0] !== 0)) {
      throw new OnnxError('Pad: only zeros on all axes are read');
    }
    const around = numbers(pads!, 'pads of Pad');
    return op.Pad(x!, around.slice(0, x!.rank), around.slice(x!.rank));
  }),
  Gather: reader(2, ([x, indices], a) => {
    const axis = fromFront(a.int('axis', 0), x!);
    if (indices!.rank !== 1) {
      throw new OnnxError(`Gather: expected indices [N], got ${showShape(indices!.shape)}`);
    }
    const size = Number(x!.shape[axis]);
    const picked = numbers(indices!, 'indices of Gather');
    return op.Gather(
      x!,
      picked.map((at) => (at < 0 ? at + size : at)),
      axis,
    );
  }),

  Conv: reader(2, ([x, w, b], a) => op.Conv(x!, w!, b, convolution(w!, a))),
  ConvTranspose: reader(2, ([x, w, b], a) => {
    const outputPadding = a.ints('output_padding') as op.ConvTransposeOptions['outputPadding'];
    const options = { ...convolution(w!, a), ...(outputPadding && { outputPadding }) };
    return op.ConvTranspose(x!, w!, b, options);
  }),
  AveragePool: reader(1, ([x], a) => {
    a.only('auto_pad', 'NOTSET');
    a.only('ceil_mode', 0);
    a.only('pads', [0, 0, 0, 0]);
    a.only('dilations', [1, 1]);
    // Without padding it changes nothing.
    a.int('count_include_pad', 0);
    const [kernel, strides] = [a.ints('kernel_shape'), a.ints('strides') ?? [1, 1]];
    return op.AveragePool(x!, { kernel, strides } as unknown as op.PoolOptions);
  }),
  Resize: reader(1, ([x, , scales], a) => {
    a.only('mode', 'nearest');
    a.only('coordinate_transformation_mode', 'half_pixel');
    a.only('nearest_mode', 'round_prefer_floor');
    const factors = scales ? numbers(scales, 'scales of Resize') : [];
    const [n, c, down, across] = factors;
    const whole = factors.length === 4 && factors.every((factor) => Number.isInteger(factor));
    if (whole && n === 1 && c === 1) return op.Resize(x!, [down!, across!]);
    throw new OnnxError(`Resize: only whole scales of height and width are read, got [${factors}]`);
  }),
  BatchNormalization: reader(5, ([x, scale, bias, mean, variance], a) => {
    a.only('training_mode', 0);
    a.float('momentum', 0.9);
    const epsilon = a.float('epsilon', 1e-5);
    return op.BatchNormalization(x!, scale!, bias!, mean!, variance!, epsilon);
  }),
};

/** The largest float32: a limit of Clip that limits nothing. */
const MOST = 3.4028234663852886e38;

function convolution(w: Value, a: Attributes): op.ConvOptions {
  a.only('auto_pad', 'NOTSET');
  a.only('kernel_shape', w.shape.slice(2) as number[]);
  const [strides, pads, dilations] = ['strides', 'pads', 'dilations'].map((name) => a.ints(name));
  const given = { ...(strides && { strides }), ...(pads && { pads }) };
  const more = { ...(dilations && { dilations }), group: a.int('group', 1) };
  // Of two and four numbers, as ONNX has them; onnxruntime refuses others.
  return { ...given, ...more } as unknown as op.ConvOptions;
}

/** A shape as Reshape is given it: 0 is the size that x has there, −1 what is left. */
function reshaped(x: Value, given: readonly number[]): Dim[] {
  const shape = given.map((size, axis): Dim => (size === 0 ? (x.shape[axis] ?? 0) : size));
  const product = (dims: readonly Dim[]) =>
    dims.reduce<number>((n, dim) => (typeof dim === 'number' && dim !== -1 ? n * dim : n), 1);
  const symbol = x.shape.find((dim) => typeof dim === 'string');
  const left = product(x.shape) / product(shape);
  const rest: Dim = symbol !== undefined && !shape.includes(symbol) ? symbol : left;
  return shape.map((dim) => (dim === -1 ? rest : dim));
}
