/** Models read as values: building what was read gives the model again. */
import { describe, expect, test } from 'vitest';
import {
  type BuildOptions,
  buildModel,
  constant,
  decodeModel,
  encodeModel,
  float32,
  gradients,
  inlineModel,
  input,
  type ModelProto,
  OnnxError,
  ops as op,
  type Value,
} from '../src/index.ts';
import { READERS } from '../src/inline/readers.ts';
import { attribute, model as emptyModel, graph, node, tensor, unary } from './messages.ts';

const build = (options: Omit<BuildOptions, 'name'>) =>
  encodeModel(buildModel({ name: 'test', ...options }));

const weights = (...shape: number[]) =>
  constant(
    float32(
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 7 - 1),
      shape,
    ),
  );

const CASES: Record<string, (x: Value) => Value | readonly Value[]> = {
  Abs: op.Abs,
  Add: (x) => op.Add(x, weights(6)),
  AveragePool: (x) => op.AveragePool(x, { kernel: [2, 3], strides: [1, 2] }),
  BatchNormalization: (x) =>
    op.BatchNormalization(x, weights(4), weights(4), weights(4), weights(4), 1e-3),
  Cast: (x) => op.Cast(x, 'int32'),
  Clip: (x) => op.Clip(x, -0.5, 2),
  Concat: (x) => op.Concat([x, op.Neg(x)], 1),
  Conv: (x) =>
    op.Conv(x, weights(2, 2, 3, 3), weights(2), {
      ...{ strides: [2, 1], pads: [1, 0, 1, 2], dilations: [1, 2], group: 2 },
    }),
  ConvTranspose: (x) =>
    op.ConvTranspose(x, weights(4, 2, 3, 3), weights(2), {
      ...{ strides: [2, 2], pads: [1, 1, 1, 1], outputPadding: [1, 0] },
    }),
  Div: (x) => op.Div(x, weights(6)),
  Equal: (x) => op.Equal(x, op.Neg(x)),
  Exp: op.Exp,
  Expand: (x) => op.Expand(op.ReduceSum(x, { axes: [2], keepdims: true }), [1, 4, 5, 6]),
  Gather: (x) => op.Gather(x, [3, 0, 1], 1),
  Gemm: (x) => op.Gemm(op.Reshape(x, ['N', 120]), weights(3, 120), weights(3), { transB: true }),
  GlobalMaxPool: op.GlobalMaxPool,
  Greater: (x) => op.Greater(x, op.Neg(x)),
  HardSigmoid: (x) => op.HardSigmoid(x, 0.3, 0.4),
  Identity: op.Identity,
  LeakyRelu: (x) => op.LeakyRelu(x, 0.3),
  Log: op.Log,
  MatMul: (x) => op.MatMul(x, weights(6, 2)),
  Mul: (x) => op.Mul(x, weights(4, 1, 1)),
  Neg: op.Neg,
  Pad: (x) => op.Pad(x, [0, 1, 0, 2], [0, 0, 3, 0]),
  ReduceSum: (x) => op.ReduceSum(x, { axes: [2, 3] }),
  Relu: op.Relu,
  Reshape: (x) => op.Reshape(x, ['N', 2, 60]),
  Resize: (x) => op.Resize(x, [2, 3]),
  Sigmoid: op.Sigmoid,
  Sign: op.Sign,
  Slice: (x) => op.Slice(x, { axes: [1, 3], starts: [1, 0], ends: [3, 6], steps: [1, 2] }),
  Softplus: op.Softplus,
  Split: (x) => op.Split(x, [1, 3], 1),
  Sqrt: op.Sqrt,
  Sub: (x) => op.Sub(x, weights(6)),
  Tanh: op.Tanh,
  Transpose: (x) => op.Transpose(x, [0, 2, 3, 1]),
  Where: (x) => op.Where(op.Greater(x, weights(6)), x, op.Neg(x)),
};

test('there is a case for every operator that is read', () => {
  // Of constants there is another test: what is built has initialisers.
  expect(Object.keys(CASES).sort()).toEqual(
    Object.keys(READERS)
      .filter((name) => name !== 'Constant')
      .sort(),
  );
});

test.each(Object.entries(CASES))('%s is built again as it was', (_name, make) => {
  const x = input('x', 'float32', ['N', 4, 5, 6]);
  const made = [make(x)].flat() as Value[];
  const outputs = Object.fromEntries(made.map((value, i) => [`y${i}`, value] as const));
  const bytes = build({ inputs: [x], outputs });
  const again = input('x', 'float32', ['N', 4, 5, 6]);
  const read = inlineModel(decodeModel(bytes), { x: again });
  expect(Object.keys(read)).toEqual(Object.keys(outputs));
  expect(build({ inputs: [again], outputs: read })).toEqual(bytes);
  // With a batch of known size, all sizes are known.
  const known = inlineModel(decodeModel(bytes), { x: input('x', 'float32', [3, 4, 5, 6]) });
  for (const [name, { shape }] of Object.entries(outputs)) {
    expect(known[name]!.shape).toEqual(shape.map((dim) => (dim === 'N' ? 3 : dim)));
  }
});

const x = () => input('x', 'float32', [2, 3]);
const INFO = {
  name: 'x',
  type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'N' }, { dimValue: 3n }] } } },
  metadataProps: [],
};
const OUTPUT = { ...INFO, name: 'y' };

/** x [N, 3] → y by these nodes. */
function reading(...nodes: ReturnType<typeof node>[]): ModelProto {
  return emptyModel({ graph: graph({ node: nodes, input: [INFO], output: [OUTPUT] }) });
}

describe('as files from elsewhere have it', () => {
  const read = (...nodes: ReturnType<typeof node>[]) =>
    inlineModel(reading(...nodes), { x: x() }).y!;
  const ints = (name: string, ...data: number[]) => {
    const t = tensor({ dims: [BigInt(data.length)], dataType: 7, int64Data: data.map(BigInt) });
    const value = attribute({ name: 'value', type: 4, t });
    return node({ opType: 'Constant', output: [name], attribute: [value] });
  };

  test('axes and places count from the end, sizes are taken over', () => {
    const transposed = unary('Transpose', 'x', 'y');
    expect(read(transposed).shape).toEqual([3, 2]);
    const shape = ints('shape', 0, -1, 1);
    expect(
      read(shape, node({ opType: 'Reshape', input: ['x', 'shape'], output: ['y'] })).shape,
    ).toEqual([2, 3, 1]);
    const places = [ints('from', -2), ints('to', 2 ** 31), ints('axes', -1)];
    const slice = node({ opType: 'Slice', input: ['x', 'from', 'to', 'axes'], output: ['y'] });
    expect(read(...places, slice).shape).toEqual([2, 2]);
    const sum = node({ opType: 'ReduceSum', input: ['x', 'axes'], output: ['y'] });
    expect(read(places[2]!, sum).shape).toEqual([2, 1]);
  });

  const gemm = (fields: object) =>
    node({ opType: 'Gemm', input: ['x', 'x'], output: ['y'], ...fields });
  test.each<[string, ReturnType<typeof node>[], RegExp]>([
    [
      'an operator that has no form as values',
      [unary('Erf', 'x', 'y', { name: 'e' })],
      /^operator Erf \(node "e"\) has no form as values$/,
    ],
    [
      'another domain',
      [unary('Relu', 'x', 'y', { domain: 'com.microsoft' })],
      /^operator com\.microsoft:Relu /,
    ],
    ['a name of Object’s', [unary('constructor', 'x', 'y')], /^operator constructor /],
    ['a value from later', [unary('Relu', 'z', 'y')], /Relu.*nothing before it makes "z"/],
    [
      'an output that nothing makes',
      [unary('Relu', 'x', 'z')],
      /^the output: nothing before it makes "y"$/,
    ],
    [
      'too few inputs',
      [node({ opType: 'Add', input: ['x'], output: ['y'] })],
      /expected at least 2 inputs/,
    ],
    [
      'an input left out',
      [node({ opType: 'Add', input: ['', 'x'], output: ['y'] })],
      /expected at least 2 inputs/,
    ],
    [
      'more outputs',
      [node({ opType: 'Relu', input: ['x'], output: ['y', 'z'] })],
      /its output 2 has no form/,
    ],
    [
      'an attribute with another meaning',
      [gemm({ attribute: [attribute({ name: 'alpha', type: 1, f: 2 })] })],
      /only alpha 1 is read, got 2/,
    ],
    [
      'an attribute that nobody knows',
      [unary('Relu', 'x', 'y', { attribute: [attribute({ name: 'much', type: 2, i: 1n })] })],
      /the attribute much is not read/,
    ],
    [
      'an attribute of another type',
      [unary('LeakyRelu', 'x', 'y', { attribute: [attribute({ name: 'alpha', type: 2, i: 1n })] })],
      /an attribute alpha of type FLOAT/,
    ],
    ['shapes that do not fit', [gemm({})], /^Gemm: shapes .* do not fit$/],
    [
      'a shape that is computed',
      [node({ opType: 'Reshape', input: ['x', 'x'], output: ['y'] })],
      /the shape of Reshape: expected a constant/,
    ],
    [
      'an element type',
      [unary('Cast', 'x', 'y', { attribute: [attribute({ name: 'to', type: 2, i: 10n })] })],
      /Cast: element type 10 is not supported/,
    ],
  ])('%s is refused', (_name, nodes, message) => {
    expect(() => read(...nodes)).toThrow(OnnxError);
    expect(() => read(...nodes)).toThrow(message);
  });

  test('inputs that do not fit, or are missing, and other opsets', () => {
    const model = reading(unary('Relu', 'x', 'y'));
    const refusal = (inputs: Record<string, Value>) => () => inlineModel(model, inputs);
    expect(refusal({})).toThrow('input "x" is missing');
    for (const [dtype, shape] of [
      ['float32', [2, 4]],
      ['float32', [3]],
      ['int32', [2, 3]],
    ] as const) {
      expect(refusal({ x: input('x', dtype, shape) })).toThrow(`"x" is not ${dtype}`);
    }
    for (const version of [12n, 22n]) {
      const other = { ...model, opsetImport: [{ domain: '', version }] };
      expect(() => inlineModel(other, { x: x() })).toThrow(`opset ${version} is not read`);
    }
  });
});

test('a model that was read can be differentiated, and be a part of another', () => {
  const z = input('z', 'float32', ['N', 4]);
  const bytes = build({ inputs: [z], outputs: { y: op.Tanh(op.MatMul(z, weights(4, 3))) } });
  const seed = input('seed', 'float32', [2, 4]);
  const { y } = inlineModel(decodeModel(bytes), { z: op.Mul(seed, seed) });
  const [slope] = gradients(op.ReduceSum(y!), [seed]);
  expect(slope!.shape).toEqual([2, 4]);
  expect(() => build({ inputs: [seed], outputs: { slope: slope! } })).not.toThrow();
});
