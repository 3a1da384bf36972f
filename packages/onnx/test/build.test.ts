import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import {
  type BuildOptions,
  buildModel,
  checkModel,
  constant,
  encodeModel,
  float32,
  input,
  int64,
  OnnxError,
  ops as op,
  scalar,
  type Value,
} from '../src/index.ts';

const NAME = 'test';

/** Builds, checks and runs a model of one input x; its outputs for x = [1, 2, 3]. */
async function run(inputs: Value[], outputs: Record<string, Value>): Promise<object> {
  const model = buildModel({ name: NAME, inputs, outputs });
  checkModel(model);
  const session = await InferenceSession.create(encodeModel(model));
  try {
    const feeds = inputs.length > 0 ? { x: new OrtTensor('float32', [1, 2, 3], [3]) } : {};
    const results = Object.entries(await session.run(feeds));
    return Object.fromEntries(results.map(([name, { data }]) => [name, [...(data as never)]]));
  } finally {
    await session.release();
  }
}

describe('outputs', () => {
  const x = input('x', 'float32', [3]);
  const twice = op.Add(x, x);
  const two = constant(float32([2, 2]), 'two');
  test.each<[string, Record<string, Value>, object]>([
    ['made by a node', { y: twice }, { y: [2, 4, 6] }],
    ['that is an input', { y: x }, { y: [1, 2, 3] }],
    ['that is a constant', { y: two }, { y: [2, 2] }],
    ['that is a constant without a name', { y: scalar(5) }, { y: [5] }],
    ['that is one value under two names', { y: twice, z: twice }, { y: [2, 4, 6], z: [2, 4, 6] }],
    [
      'that is made from another',
      { y: twice, z: op.Neg(twice) },
      { y: [2, 4, 6], z: [-2, -4, -6] },
    ],
    [
      'that is one before another',
      { z: op.Neg(twice), y: twice },
      { z: [-2, -4, -6], y: [2, 4, 6] },
    ],
    [
      'of all kinds',
      { a: x, b: two, c: x, d: twice, e: two },
      { a: [1, 2, 3], b: [2, 2], c: [1, 2, 3], d: [2, 4, 6], e: [2, 2] },
    ],
    ['of which one is of several of a node', { y: op.Split(x, [1, 2], 0)[1]! }, { y: [2, 3] }],
  ])('%s', async (_, outputs, expected) => {
    expect(await run([x], outputs)).toEqual(expected);
  });

  test('of a graph without inputs', async () => {
    expect(await run([], { y: op.Add(two, two) })).toEqual({ y: [4, 4] });
  });
});

/** A step of everything: shared and named constants, several outputs, a symbolic batch. */
function program(): BuildOptions {
  const x = input('x', 'float32', ['N', 4]);
  const weight = constant(float32([1, 2, 3, 4, 5, 6, 7, 8], [2, 4]), 'weight');
  const h = op.Gemm(x, weight, undefined, { transB: true });
  const [a, b] = op.Split(h, [1, 1], 1);
  const y = op.Mul(op.Add(a!, scalar(0.5)), op.Sub(b!, scalar(0.5)));
  return { name: NAME, inputs: [x], outputs: { y, h }, metadata: { key: 'value' } };
}

test('the same program builds the same bytes', () => {
  const bytes = encodeModel(buildModel(program()));
  expect(encodeModel(buildModel(program()))).toEqual(bytes);
  const options = program();
  expect(encodeModel(buildModel(options))).toEqual(bytes);
  expect(encodeModel(buildModel(options))).toEqual(bytes);
});

test('names are those given, or the operator and a number', () => {
  const model = buildModel(program());
  expect(() => checkModel(model)).not.toThrow();
  const { graph, metadataProps } = model;
  expect(graph!.node.map(({ name, output }) => [name, output])).toEqual([
    ['Gemm_1', ['h']],
    ['Split_1', ['Split_1_out0_1', 'Split_1_out1_1']],
    ['Add_1', ['Add_1']],
    ['Sub_1', ['Sub_1']],
    ['Mul_1', ['y']],
  ]);
  expect(graph!.initializer.map(({ name }) => name)).toEqual([
    'weight',
    'constant_1',
    'constant_2',
  ]);
  expect(metadataProps).toEqual([{ key: 'key', value: 'value' }]);
});

test('a small constant is stored once, unless its type, shape or name is another', () => {
  const like = [
    scalar(1),
    constant(float32([1])),
    constant(float32([1], [1, 1])),
    constant(int64([1])),
    constant(int64([1])),
    constant(float32([1]), 'named'),
    scalar(0),
    scalar(-0),
    scalar(1),
  ];
  const outputs = Object.fromEntries(like.map((value, i) => [`y${i}`, op.Identity(value)]));
  const { graph } = buildModel({ name: NAME, inputs: [], outputs });
  const stored = graph!.node.map(({ input }) => input[0]);
  const names = ['constant_1', 'constant_2', 'constant_3', 'constant_4', 'constant_4', 'named'];
  expect(stored).toEqual([...names, 'constant_5', 'constant_6', 'constant_1']);
});

test('what the outputs do not need is left out; an input stays', () => {
  const [x, unused] = [input('x', 'float32', [1]), input('unused', 'float32', [1])];
  op.Exp(x);
  const model = buildModel({ name: NAME, inputs: [x, unused], outputs: { y: op.Neg(x) } });
  expect(model.graph!.node.map(({ opType }) => opType)).toEqual(['Neg']);
  expect(model.graph!.input.map(({ name }) => name)).toEqual(['x', 'unused']);
});

test('a graph may be 50,000 nodes deep', () => {
  const x = input('x', 'float32', [1]);
  let y: Value = x;
  for (let i = 0; i < 50_000; i++) y = op.Neg(y);
  const { graph } = buildModel({ name: NAME, inputs: [x], outputs: { y } });
  expect(graph!.node).toHaveLength(50_000);
  expect(graph!.node[0]!.input).toEqual(['x']);
  expect(graph!.node.at(-1)!.output).toEqual(['y']);
});

test.each([
  [17, 8n],
  [18, 8n],
  [19, 9n],
  [20, 9n],
  [21, 10n],
])('opset %i is written with IR version %i, and runs', async (opset, irVersion) => {
  const model = buildModel({ ...program(), opset });
  expect(model).toMatchObject({ irVersion, opsetImport: [{ version: BigInt(opset) }] });
  const session = await InferenceSession.create(encodeModel(model));
  const { h } = await session.run({ x: new OrtTensor('float32', [1, 0, 0, 1], [1, 4]) });
  expect([...(h!.data as Float32Array)]).toEqual([5, 13]);
  await session.release();
});

describe('is refused', () => {
  const x = input('x', 'float32', [1]);
  const y = op.Neg(x);
  const [a, b] = [1, 2].map((value) => constant(float32([value]), 'w')) as [Value, Value];
  test.each<[string, Partial<BuildOptions>, string]>([
    ['opset 16', { opset: 16 }, 'opset 16 is not supported: expected 17 to 21'],
    ['opset 22', { opset: 22 }, 'opset 22 is not supported: expected 17 to 21'],
    ['a missing input', { inputs: [] }, 'the graph needs input "x", which is not among its inputs'],
    [
      'another input of that name',
      { inputs: [input('x', 'float32', [1])] },
      'the graph needs input "x", which is not among its inputs',
    ],
    [
      'two inputs of a name',
      { inputs: [x, input('x', 'float32', [2])] },
      'two values are named "x"',
    ],
    ['an input twice', { inputs: [x, x] }, 'two values are named "x"'],
    ['an output named as an input', { outputs: { x: y } }, 'two values are named "x"'],
    [
      'a constant named as an input',
      { outputs: { y: op.Add(x, constant(float32([1]), 'x')) } },
      'two values are named "x"',
    ],
    ['two constants of a name', { outputs: { y: op.Add(a, b) } }, 'two values are named "w"'],
    ['a node for an input', { inputs: [y] }, 'a graph input must come from input()'],
    ['a constant for an input', { inputs: [a] }, 'a graph input must come from input()'],
  ])('%s', (_, options, message) => {
    const build = () => buildModel({ name: NAME, inputs: [x], outputs: { y }, ...options });
    expect(build).toThrow(new OnnxError(message));
  });
});

describe('operators that are composed of others', () => {
  const x = input('x', 'float32', [4, 2]);
  const vector = constant(float32([1, 2]));
  const [y, mean] = op.BatchNormalizationTraining(x, vector, vector, 1e-5);
  const opsOf = (compose?: BuildOptions['compose']) => {
    const options = { name: NAME, inputs: [x], outputs: { y, twice: op.Add(mean, mean) } };
    const model = buildModel(compose ? { ...options, compose } : options);
    checkModel(model);
    return model.graph!.node.map(({ opType }) => opType);
  };

  test('are written themselves where ONNX has them', () => {
    expect(opsOf()).toContain('BatchNormalization');
  });

  test('are written as the others where the caller says so, once for all their outputs', () => {
    const ops = opsOf(({ op }) => op === 'BatchNormalization');
    expect(ops).not.toContain('BatchNormalization');
    expect(ops.filter((op) => op === 'Sqrt')).toHaveLength(1);
  });

  test('of ganport’s own never reach a file', () => {
    const out = op.stopGradient(op.stopGradient(op.Neg(x)));
    const model = buildModel({
      name: NAME,
      inputs: [x],
      outputs: { out, same: op.stopGradient(x) },
    });
    checkModel(model);
    expect(model.graph!.node.map(({ opType }) => opType)).toEqual(['Neg', 'Identity']);
  });
});
