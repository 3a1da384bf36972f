import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import {
  buildModel,
  checkModel,
  constant,
  encodeModel,
  float32,
  input,
  int64,
  ops as op,
  scalar,
  tensorFromProto,
  tensorToProto,
  type Value,
} from '../src/index.ts';

const x = input('x', 'float32', ['N', 4]);

describe('buildModel', () => {
  test('gives the same bytes for the same program, and a model that passes the checker', () => {
    const build = () => {
      const z = input('z', 'float32', ['N', 3]);
      const w = constant(float32([1, 2, 3, 4, 5, 6], [3, 2]), 'w');
      const y = op.Tanh(op.Add(op.MatMul(z, w), scalar(0.5)));
      return buildModel({ name: 'g', inputs: [z], outputs: { y, twice: op.Add(y, y) } });
    };
    expect(encodeModel(build())).toEqual(encodeModel(build()));
    expect(() => checkModel(build())).not.toThrow();
  });

  test('passes on an input, a constant, and one value under two names', async () => {
    const y = op.Neg(x);
    const outputs = { same: x, fixed: scalar(3), y, again: y };
    const session = await ort.InferenceSession.create(
      encodeModel(buildModel({ name: 'g', inputs: [x], outputs })),
    );
    const got = await session.run({ x: new ort.Tensor('float32', [1, 2, 3, 4], [1, 4]) });
    await session.release();
    const data = Object.fromEntries(
      Object.entries(got).map(([k, v]) => [k, [...(v.data as Float32Array)]]),
    );
    expect(data).toEqual({
      same: [1, 2, 3, 4],
      fixed: [3],
      y: [-1, -2, -3, -4],
      again: [-1, -2, -3, -4],
    });
  });

  test('stores equal small constants once, but 0 and −0 apart', () => {
    const sum = [0, 0, -0, 1].map(scalar).reduce<Value>((a, c) => op.Add(a, c), x);
    const { graph } = buildModel({ name: 'g', inputs: [x], outputs: { sum } });
    expect(graph!.initializer).toHaveLength(3);
  });

  test.each<[string, () => unknown, string]>([
    [
      'an input that is not listed',
      () => buildModel({ name: 'g', inputs: [], outputs: { y: op.Neg(x) } }),
      'the graph needs input "x", which is not among its inputs',
    ],
    [
      'two inputs of one name',
      () => buildModel({ name: 'g', inputs: [x, input('x', 'float32', [])], outputs: {} }),
      'two values are named "x"',
    ],
    [
      'an output named as an input',
      () => buildModel({ name: 'g', inputs: [x], outputs: { x: op.Neg(x) } }),
      'two values are named "x"',
    ],
    [
      'opset 22',
      () => buildModel({ name: 'g', inputs: [x], outputs: { y: op.Neg(x) }, opset: 22 }),
      'opset 22 is not supported: expected 17 to 21',
    ],
  ])('refuses %s', (_, build, message) => expect(build).toThrow(message));
});

const f = (...shape: number[]) =>
  constant(float32(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape));

describe('shapes are inferred as onnxruntime gives them', () => {
  const image = f(2, 4, 7, 6);
  test.each<[string, Value]>([
    ['broadcast', op.Add(f(2, 1, 3), f(4, 1))],
    ['MatMul', op.MatMul(f(5, 2, 3), f(3, 4))],
    ['Gemm', op.Gemm(f(3, 2), f(4, 3), f(4), { transA: true, transB: true })],
    ['ReduceSum', op.ReduceSum(f(2, 3, 4), { axes: [1] })],
    ['ReduceSum, kept', op.ReduceSum(f(2, 3, 4), { axes: [0, 2], keepdims: true })],
    ['Reshape', op.Reshape(f(2, 6), [3, 4])],
    ['Expand', op.Expand(f(3, 1), [2, 1, 4])],
    ['Transpose', op.Transpose(f(2, 3, 4), [2, 0, 1])],
    ['Concat', op.Concat([f(2, 3), f(2, 1)], 1)],
    ['Split', op.Split(f(2, 5), [2, 3], 1)[1]!],
    ['Slice', op.Slice(f(7, 5), { axes: [0], starts: [1], ends: [6], steps: [2] })],
    ['Pad', op.Pad(f(2, 3), [1, 0], [0, 2])],
    ['Gather', op.Gather(f(2, 3), [2, 0], 1)],
    [
      'Conv',
      op.Conv(image, f(6, 2, 3, 2), f(6), {
        strides: [2, 1],
        pads: [1, 0, 2, 1],
        dilations: [2, 1],
        group: 2,
      }),
    ],
    [
      'ConvTranspose',
      op.ConvTranspose(image, f(4, 3, 3, 2), undefined, {
        strides: [2, 3],
        pads: [1, 0, 0, 1],
        outputPadding: [1, 2],
      }),
    ],
    ['AveragePool', op.AveragePool(image, { kernel: [3, 2], strides: [2, 2] })],
    ['Resize', op.Resize(image, [2, 3])],
    ['BatchNormalization', op.BatchNormalization(image, f(4), f(4), f(4), f(4), 1e-5)],
  ])('%s', async (_, y) => {
    const session = await ort.InferenceSession.create(
      encodeModel(buildModel({ name: 'g', inputs: [], outputs: { y } })),
    );
    const { y: got } = await session.run({});
    await session.release();
    expect(got!.dims).toEqual(y.shape);
  });
});

test.each<[string, () => Value, string]>([
  ['Add', () => op.Add(f(2), f(3)), 'Add: shapes [2] and [3] do not broadcast'],
  ['Add of types', () => op.Add(f(2), op.Cast(f(2), 'uint8')), 'Add: got float32 and uint8'],
  ['MatMul', () => op.MatMul(f(2, 3), f(2, 3)), 'MatMul: shapes [2, 3] and [2, 3] do not fit'],
  [
    'Gemm',
    () => op.Gemm(f(2, 3), f(2, 3), undefined, { transA: true, transB: true }),
    "Gemm: shapes [2, 3]' and [2, 3]' do not fit",
  ],
  ['Reshape', () => op.Reshape(f(2, 3), [5]), 'Reshape: [2, 3] does not fit [5]'],
  ['Reshape of N', () => op.Reshape(x, [4]), 'Reshape: [N, 4] does not fit [4]'],
  ['Transpose', () => op.Transpose(f(2, 3), [0]), 'Transpose: [0] does not permute [2, 3]'],
  [
    'Concat',
    () => op.Concat([f(2, 3), f(3, 3)], 1),
    'Concat on axis 1: [2, 3] and [3, 3] do not fit',
  ],
  [
    'Split',
    () => op.Split(f(4), [1, 2], 0)[0]!,
    'Split: sizes [1,2] do not add up to axis 0 of [4]',
  ],
  [
    'Slice',
    () => op.Slice(f(4), { axes: [0], starts: [0], ends: [5] }),
    'Slice: 0:5:1 is not within axis 0 of [4]',
  ],
  [
    'Conv',
    () => op.Conv(f(1, 2, 4, 4), f(1, 3, 3, 3)),
    'Conv: image [1, 2, 4, 4] does not fit weight [1, 3, 3, 3] in 1 group(s)',
  ],
  [
    'Conv, large',
    () => op.Conv(f(1, 1, 2, 4), f(1, 1, 3, 3)),
    'Conv: kernel 3 is larger than image [1, 1, 2, 4]',
  ],
  [
    'ConvTranspose',
    () => op.ConvTranspose(f(1, 2, 4, 4), f(3, 1, 3, 3)),
    'ConvTranspose: image [1, 2, 4, 4] does not fit weight [3, 1, 3, 3]',
  ],
  [
    'AveragePool',
    () => op.AveragePool(f(1, 1, 2, 4), { kernel: [3, 3] }),
    'AveragePool: window 3 is larger than [1, 1, 2, 4]',
  ],
])('%s refuses shapes that do not fit', (_, make, message) => expect(make).toThrow(message));

test.each([
  float32([1, -2.5, Number.NaN], [3]),
  int64([-1, 2 ** 40]),
  { dtype: 'uint8', shape: [2, 1], data: Uint8Array.of(0, 255) } as const,
  { dtype: 'int32', shape: [1], data: Int32Array.of(-7) } as const,
])('a tensor survives TensorProto: %o', (tensor) => {
  const proto = tensorToProto('t', tensor);
  expect(tensorFromProto(proto)).toEqual(tensor);
  // A Buffer, whose slice is a view, at an odd offset.
  const padded = Buffer.concat([Buffer.alloc(3), proto.rawData!]).subarray(3);
  expect(tensorFromProto({ ...proto, rawData: padded })).toEqual(tensor);
});
