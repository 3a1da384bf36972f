import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import {
  buildModel,
  encodeModel,
  input,
  ops as op,
  type Shape,
  scalar,
  type Value,
} from '../src/index.ts';

/** Size that the symbolic batch "N" has in these tests. */
const N = 2;

type Outputs = Value | readonly Value[];

/** Runs `f` on 1, 2, 3, … in each of its inputs; the values it made, and what they came to. */
async function run(f: (...x: Value[]) => Outputs, shapes: readonly Shape[]) {
  const inputs = shapes.map((shape, i) => input(`x${i}`, 'float32', shape));
  const made = f(...inputs);
  const values = Array.isArray(made) ? (made as Value[]) : [made as Value];
  const outputs = Object.fromEntries(values.map((value, i) => [`y${i}`, value]));
  const model = encodeModel(buildModel({ name: 'test', inputs, outputs }));
  const session = await InferenceSession.create(model);
  const feeds = shapes.map((shape, i) => {
    const dims = sizes(shape);
    const count = dims.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: count }, (_, k) => k + 1);
    return [`x${i}`, new OrtTensor('float32', data, dims)] as const;
  });
  try {
    const results = await session.run(Object.fromEntries(feeds));
    return { values, tensors: values.map((_, i): OrtTensor => results[`y${i}`]!) };
  } finally {
    await session.release();
  }
}

/** A sum of symbolic sizes is written with a plus. */
function sizes(shape: Shape): number[] {
  return shape.map((dim) => (typeof dim === 'number' ? dim : N * dim.split('+').length));
}

const image: Shape = ['N', 3, 5, 6];

const SHAPES: [string, (...x: Value[]) => Outputs, ...Shape[]][] = [
  ...(
    ['Abs', 'Exp', 'Identity', 'Log', 'Neg', 'Relu', 'Sigmoid', 'Sign', 'Softplus', 'Sqrt'] as const
  ).map((name): (typeof SHAPES)[number] => [name, (x) => op[name](x!), ['N', 3]]),
  ['Tanh of a scalar', (x) => op.Tanh(x!), []],
  ['LeakyRelu', (x) => op.LeakyRelu(x!, 0.2), ['N', 3]],
  ['HardSigmoid', (x) => op.HardSigmoid(x!, 0.5, 0.25), ['N', 3]],
  ['Clip', (x) => op.Clip(x!, 0, 1), ['N', 3]],
  ['Add', (a, b) => op.Add(a!, b!), ['N', 1, 3], [4, 1]],
  ['Sub, a scalar', (a, b) => op.Sub(a!, b!), ['N', 3], []],
  ['Mul, the batch stretched', (a, b) => op.Mul(a!, b!), [1, 3], ['N', 1]],
  ['Div', (a, b) => op.Div(a!, b!), ['N', 3], ['N', 3]],
  ['Equal', (a, b) => op.Equal(a!, b!), ['N', 3], [3]],
  ['Equal of int32', (a, b) => op.Equal(op.Cast(a!, 'int32'), op.Cast(b!, 'int32')), ['N', 3], [3]],
  ['Greater', (a, b) => op.Greater(a!, b!), ['N', 3], [3]],
  ['Where', (a, b) => op.Where(op.Greater(a!, b!), a!, b!), ['N', 3], [4, 1, 1]],
  ['Cast to uint8', (x) => op.Cast(x!, 'uint8'), ['N', 3]],
  ['Cast to int64', (x) => op.Cast(x!, 'int64'), ['N', 3]],
  ['MatMul', (a, b) => op.MatMul(a!, b!), ['N', 3], [3, 4]],
  ['MatMul of stacks', (a, b) => op.MatMul(a!, b!), ['N', 1, 2, 3], [5, 3, 4]],
  ['Gemm', (a, b, c) => op.Gemm(a!, b!, c!), ['N', 3], [3, 4], [4]],
  [
    'Gemm, transposed',
    (a, b) => op.Gemm(a!, b!, undefined, { transA: true, transB: true }),
    [3, 'N'],
    [4, 3],
  ],
  ['ReduceSum of all', (x) => op.ReduceSum(x!), ['N', 3]],
  ['ReduceSum of nothing', (x) => op.ReduceSum(x!, { axes: [] }), ['N', 3]],
  ['ReduceSum of a scalar', (x) => op.ReduceSum(x!), []],
  ['ReduceSum along axes', (x) => op.ReduceSum(x!, { axes: [2, 0] }), image],
  ['ReduceSum, axes kept', (x) => op.ReduceSum(x!, { axes: [0, 2], keepdims: true }), image],
  ['mean', (x) => op.mean(x!, { axes: [1] }), ['N', 3]],
  ['Reshape', (x) => op.Reshape(x!, ['N', 9, 10]), image],
  ['Reshape, the batch moved', (x) => op.Reshape(x!, [9, 'N', 10]), image],
  ['Reshape of a scalar', (x) => op.Reshape(x!, [1, 1]), []],
  ['Expand', (x) => op.Expand(x!, [4, 1, 3]), ['N', 1]],
  ['Transpose', (x) => op.Transpose(x!, [0, 2, 3, 1]), image],
  ['Concat', (a, b) => op.Concat([a!, b!, a!], 1), ['N', 3], ['N', 2]],
  ['Concat of batches', (a, b) => op.Concat([a!, b!], 0), ['N', 3], ['N', 3]],
  ['Split', (x) => op.Split(x!, [1, 3, 1], 2), image],
  [
    'Slice',
    (x) => op.Slice(x!, { axes: [3, 1], starts: [1, 0], ends: [6, 3], steps: [2, 3] }),
    image,
  ],
  ['Pad', (x) => op.Pad(x!, [0, 1, 0, 2], [0, 0, 3, 0]), image],
  ['Gather', (x) => op.Gather(x!, [2, 0, 2, 1], 1), image],
  ['Conv', (x, w, b) => op.Conv(x!, w!, b!), image, [4, 3, 3, 2], [4]],
  [
    'Conv, uneven in everything',
    (x, w) =>
      op.Conv(x!, w!, undefined, { strides: [2, 3], pads: [0, 1, 2, 3], dilations: [2, 1] }),
    image,
    [4, 3, 3, 2],
  ],
  ['Conv in groups', (x, w, b) => op.Conv(x!, w!, b!, { group: 3 }), image, [6, 1, 2, 2], [6]],
  ['ConvTranspose', (x, w, b) => op.ConvTranspose(x!, w!, b!), image, [3, 4, 3, 2], [4]],
  [
    'ConvTranspose, uneven in everything',
    (x, w) =>
      op.ConvTranspose(x!, w!, undefined, {
        strides: [3, 2],
        pads: [0, 1, 2, 0],
        dilations: [1, 2],
        outputPadding: [2, 1],
      }),
    image,
    [3, 4, 3, 2],
  ],
  [
    'ConvTranspose in groups',
    (x, w, b) => op.ConvTranspose(x!, w!, b!, { group: 3 }),
    image,
    [3, 2, 2, 2],
    [6],
  ],
  ['AveragePool, a rest', (x) => op.AveragePool(x!, { kernel: [2, 4] }), image],
  [
    'AveragePool, overlapping',
    (x) => op.AveragePool(x!, { kernel: [3, 2], strides: [2, 1] }),
    image,
  ],
  ['Resize', (x) => op.Resize(x!, [2, 3]), image],
  ['BatchNormalization', (x, v) => op.BatchNormalization(x!, v!, v!, v!, v!, 1e-5), image, [3]],
  [
    'BatchNormalizationTraining',
    (x, v) => op.BatchNormalizationTraining(x!, v!, v!, 1e-5),
    image,
    [3],
  ],
  ['unfold', (x) => op.unfold(x!, { kernel: [2, 3], pads: [1, 0, 0, 2] }), image],
];

test.each(SHAPES)('%s gives the type and shape onnxruntime gives', async (_, f, ...shapes) => {
  const { values, tensors } = await run(f, shapes);
  expect(tensors.map(({ type, dims }) => ({ type, dims }))).toEqual(
    values.map(({ dtype, shape }) => ({ type: dtype, dims: sizes(shape) })),
  );
});

test.each<[string, (x: Value) => Outputs, number[], ...number[][]]>([
  ['LeakyRelu', (x) => op.LeakyRelu(op.Neg(x), 0.25), [2], [-0.25, -0.5]],
  ['HardSigmoid', (x) => op.HardSigmoid(x, 0.5, -0.5), [4], [0, 0.5, 1, 1]],
  ['Clip', (x) => op.Clip(x, 1.5, 2.5), [3], [1.5, 2, 2.5]],
  [
    'Equal',
    (x) =>
      op.Cast(op.Equal(op.Cast(x, 'int64'), op.Cast(op.Identity(scalar(2)), 'int64')), 'float32'),
    [3],
    [0, 1, 0],
  ],
  ['mean', (x) => op.mean(x, { axes: [0] }), [2, 2], [2, 3]],
  ['Expand', (x) => op.Expand(x, [2, 2]), [2, 1], [1, 1, 2, 2]],
  ['Transpose', (x) => op.Transpose(x, [1, 0]), [2, 3], [1, 4, 2, 5, 3, 6]],
  ['Split', (x) => op.Split(x, [1, 2], 1), [2, 3], [1, 4], [2, 3, 5, 6]],
  ['Slice', (x) => op.Slice(x, { axes: [0], starts: [1], ends: [6], steps: [2] }), [6], [2, 4, 6]],
  ['Pad', (x) => op.Pad(x, [0, 1], [1, 0]), [1, 2], [0, 1, 2, 0, 0, 0]],
  ['Gather', (x) => op.Gather(x, [2, 0], 1), [2, 3], [3, 1, 6, 4]],
  ['AveragePool', (x) => op.AveragePool(x, { kernel: [1, 2] }), [1, 1, 2, 2], [1.5, 3.5]],
  ['Resize', (x) => op.Resize(x, [1, 3]), [1, 1, 1, 2], [1, 1, 1, 2, 2, 2]],
])('%s computes what its name says', async (_, f, shape, ...expected) => {
  const { tensors } = await run((x) => f(x!), [shape]);
  expect(tensors.map(({ data }) => [...(data as Float32Array)])).toEqual(expected);
});
