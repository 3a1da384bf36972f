/** Every operator of the tensorflow engine's table against onnxruntime, however its inputs are stored. */
import {
  buildModel,
  constant,
  encodeModel,
  float32,
  input,
  ops as op,
  type Shape,
  sizeOf,
  type Value,
} from '@ganport/onnx';
import * as tf from '@tensorflow/tfjs';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadBackend, type TensorFlowBackend } from '../src/tensorflow/backend.ts';
import { interpreter } from '../src/tensorflow/interpret.ts';
import * as kernels from '../src/tensorflow/kernels/index.ts';
import { inOrder, plain, rowMajor, type Stored } from '../src/tensorflow/stored.ts';

/** Size that the symbolic batch "N" has in these tests. */
const N = 2;

type Outputs = Value | readonly Value[];
type Row = [title: string, f: (...x: Value[]) => Outputs, ...shapes: Shape[]];

const image: Shape = ['N', 3, 5, 6];
const uneven = { strides: [2, 3], pads: [0, 1, 2, 3], dilations: [2, 1] } as const;
const positive = (x: Value) => op.Add(op.Abs(x), constant(float32(0.1)));

const unary = [
  'Abs',
  'Exp',
  'Identity',
  'Neg',
  'Relu',
  'Sigmoid',
  'Sign',
  'Softplus',
  'Tanh',
] as const;

const ROWS: readonly Row[] = [
  ...unary.map((name): Row => [name, (x) => op[name](x!), ['N', 3, 4]]),
  ['Log', (x) => op.Log(positive(x!)), ['N', 3]],
  ['Sqrt', (x) => op.Sqrt(positive(x!)), ['N', 3]],
  ['Tanh of a scalar', (x) => op.Tanh(x!), []],
  ['LeakyRelu', (x) => op.LeakyRelu(x!, 0.2), ['N', 3]],
  ['HardSigmoid', (x) => op.HardSigmoid(x!, 0.5, 0.25), ['N', 3]],
  ['HardSigmoid as a step', (x) => op.HardSigmoid(op.Relu(x!), 1e30, 0), ['N', 3]],
  ['Clip', (x) => op.Clip(x!, -0.5, 0.25), ['N', 3]],
  ['Add', (a, b) => op.Add(a!, b!), ['N', 1, 3], [4, 1]],
  ['Add of images', (a, b) => op.Add(a!, b!), image, image],
  ['Add, a vector per channel', (a, b) => op.Add(b!, a!), image, [3, 1, 1]],
  ['Add, a matrix to images', (a, b) => op.Add(a!, b!), image, [5, 6]],
  ['Sub, a scalar', (a, b) => op.Sub(a!, b!), ['N', 3], []],
  ['Mul, the batch stretched', (a, b) => op.Mul(a!, b!), [1, 3], ['N', 1]],
  ['Div', (a, b) => op.Div(a!, positive(b!)), ['N', 3], ['N', 3]],
  ['Equal', (a, b) => op.Equal(op.Sign(a!), op.Sign(b!)), ['N', 3], [3]],
  ['Greater', (a, b) => op.Greater(a!, b!), ['N', 3], [3]],
  ['Where', (a, b) => op.Where(op.Greater(a!, b!), a!, b!), ['N', 3], [4, 1, 1]],
  ['Cast to int64 and back', (x) => op.Cast(op.Cast(x!, 'int64'), 'float32'), ['N', 3]],
  ['Cast of a bool', (x, y) => op.Cast(op.Greater(x!, y!), 'float32'), image, image],
  ['stopGradient', (x) => op.stopGradient(x!), ['N', 3]],

  ['MatMul', (a, b) => op.MatMul(a!, b!), ['N', 3], [3, 4]],
  ['MatMul of stacks', (a, b) => op.MatMul(a!, b!), ['N', 1, 2, 3], [5, 3, 4]],
  ['MatMul of stacks with a matrix', (a, b) => op.MatMul(a!, b!), image, [6, 4]],
  ['MatMul of a matrix with stacks', (a, b) => op.MatMul(a!, b!), [4, 5], image],
  [
    'MatMul, transposed',
    (a, b) => op.MatMul(a!, op.Transpose(b!, [0, 2, 1])),
    [2, 3, 4],
    [2, 5, 4],
  ],
  ['Gemm', (a, b, c) => op.Gemm(a!, b!, c!), ['N', 3], [3, 4], [4]],
  ['Gemm, a column added', (a, b, c) => op.Gemm(a!, b!, c!), ['N', 3], [3, 4], ['N', 1]],
  ['Gemm, a transposed', (a, b) => op.Gemm(a!, b!, undefined, { transA: true }), [3, 'N'], [3, 4]],
  ['Gemm, b transposed', (a, b) => op.Gemm(a!, b!, undefined, { transB: true }), ['N', 3], [4, 3]],
  [
    'Gemm, both transposed',
    (a, b) => op.Gemm(a!, b!, undefined, { transA: true, transB: true }),
    [3, 'N'],
    [4, 3],
  ],
  ['ReduceSum of all', (x) => op.ReduceSum(x!), image],
  ['ReduceSum of nothing', (x) => op.ReduceSum(x!, { axes: [] }), ['N', 3]],
  ['ReduceSum of a scalar', (x) => op.ReduceSum(x!), []],
  ['ReduceSum along axes', (x) => op.ReduceSum(x!, { axes: [2, 0] }), image],
  ['ReduceSum along the last', (x) => op.ReduceSum(x!, { axes: [3] }), image],
  ['ReduceSum, axes kept', (x) => op.ReduceSum(x!, { axes: [0, 2], keepdims: true }), image],
  ['mean', (x) => op.mean(x!, { axes: [1] }), ['N', 3]],
  ['sumRows of a known batch', (x) => op.sumRows(x!), [2, 3]],
  ['sumPerChannel', (x) => op.sumPerChannel(x!), image],
  ['sumOfProducts', (a, b) => op.sumOfProducts(a!, b!), [2, 3, 4], [2, 5, 4]],

  ['Reshape, axes joined', (x) => op.Reshape(x!, ['N', 3, 30]), image],
  ['Reshape, flat', (x) => op.Reshape(x!, ['N', 90]), image],
  ['Reshape, one channel flat', (x) => op.Reshape(x!, ['N', 30]), ['N', 1, 5, 6]],
  ['Reshape, one pixel flat', (x) => op.Reshape(x!, ['N', 3]), ['N', 3, 1, 1]],
  ['Reshape, cut otherwise', (x) => op.Reshape(x!, ['N', 9, 10]), image],
  ['Reshape, pixels cut otherwise', (x) => op.Reshape(x!, ['N', 3, 1, 3, 10]), image],
  ['Reshape, the batch moved', (x) => op.Reshape(x!, [9, 'N', 10]), image],
  ['Reshape of a scalar', (x) => op.Reshape(x!, [1, 1]), []],
  ['Reshape to a scalar', (x) => op.Reshape(x!, []), [1, 1]],
  ['Expand', (x) => op.Expand(x!, [4, 1, 3]), ['N', 1]],
  ['Expand of images', (x) => op.Expand(x!, [1, 3, 1, 4]), ['N', 1, 5, 1]],
  ['Transpose', (x) => op.Transpose(x!, [0, 2, 3, 1]), image],
  [
    'Transpose and Reshape',
    (x) => op.Reshape(op.Transpose(x!, [3, 0, 2, 1]), [12, 15]),
    [2, 3, 5, 6],
  ],
  ['Concat', (a, b) => op.Concat([a!, b!, a!], 1), ['N', 3], ['N', 2]],
  ['Concat of batches', (a, b) => op.Concat([a!, b!], 0), image, image],
  ['Concat of one', (a) => op.Concat([a!], 0), ['N', 3]],
  ['Split', (x) => op.Split(x!, [1, 3, 1], 2), image],
  [
    'Slice',
    (x) => op.Slice(x!, { axes: [3, 1], starts: [1, 0], ends: [6, 3], steps: [2, 3] }),
    image,
  ],
  ['Slice, no steps', (x) => op.Slice(x!, { axes: [3, 0], starts: [1, 0], ends: [4, 1] }), image],
  ['Pad', (x) => op.Pad(x!, [0, 1, 0, 2], [0, 0, 3, 0]), image],
  ['Gather', (x) => op.Gather(x!, [2, 0, 2, 1], 1), image],

  ['Conv', (x, w, b) => op.Conv(x!, w!, b!), image, [4, 3, 3, 2], [4]],
  [
    'Conv, as large as its image',
    (x, w) => op.Conv(x!, w!, undefined, { pads: [1, 1, 1, 1] }),
    image,
    [4, 3, 3, 3],
  ],
  ['Conv, uneven in everything', (x, w) => op.Conv(x!, w!, undefined, uneven), image, [4, 3, 3, 2]],
  [
    'Conv, halving',
    (x, w) => op.Conv(x!, w!, undefined, { strides: [2, 2], pads: [1, 1, 1, 1] }),
    image,
    [4, 3, 4, 4],
  ],
  [
    'Conv, leaving pixels out',
    (x, w) => op.Conv(x!, w!, undefined, { strides: [3, 3] }),
    image,
    [4, 3, 2, 2],
  ],
  [
    'Conv of each channel',
    (x, w, b) => op.Conv(x!, w!, b!, { group: 3 }),
    image,
    [6, 1, 2, 2],
    [6],
  ],
  [
    'Conv of each channel, uneven',
    (x, w) => op.Conv(x!, w!, undefined, { ...uneven, group: 3 }),
    image,
    [6, 1, 2, 2],
  ],
  [
    'Conv in groups',
    (x, w) => op.Conv(x!, w!, undefined, { group: 2, pads: [1, 0, 0, 1] }),
    ['N', 4, 5, 6],
    [6, 2, 2, 3],
  ],
  ['unfold', (x) => op.unfold(x!, { kernel: [2, 3], pads: [1, 0, 0, 2] }), image],
  ['ConvTranspose', (x, w, b) => op.ConvTranspose(x!, w!, b!), image, [3, 4, 3, 2], [4]],
  [
    'ConvTranspose, doubling',
    (x, w) => op.ConvTranspose(x!, w!, undefined, { strides: [2, 2], pads: [1, 1, 1, 1] }),
    image,
    [3, 4, 4, 4],
  ],
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
  ...(
    [
      ['', {}, [3, 4]],
      [' as large as the image', { pads: [1, 1, 1, 1] }, [5, 6]],
      [', halving', { strides: [2, 2], pads: [1, 1, 1, 1] }, [3, 3]],
      [', leaving pixels out', { strides: [3, 4] }, [1, 1]],
      [', uneven in everything', uneven, [2, 3]],
      [', its image cut', { pads: [-1, 0, 1, -2], kernel: [2, 1] }, [4, 4]],
    ] as const
  ).map(
    ([title, options, size]): Row => [
      `ConvWeightGradient${title}`,
      (x, dy) =>
        op.ConvWeightGradient(x!, dy!, {
          kernel: [3, 3],
          strides: [1, 1],
          pads: [0, 0, 0, 0],
          dilations: [1, 1],
          group: 1,
          ...options,
        }),
      [2, 3, 5, 6],
      [2, 4, ...size],
    ],
  ),
  [
    'ConvWeightGradient in groups',
    (x, dy) =>
      op.ConvWeightGradient(x!, dy!, {
        kernel: [2, 3],
        strides: [2, 2],
        pads: [1, 0, 0, 1],
        dilations: [1, 1],
        group: 2,
      }),
    [2, 4, 5, 4],
    [2, 6, 3, 2],
  ],
  ['GlobalMaxPool', (x) => op.GlobalMaxPool(x!), image],
  ['AveragePool, a rest', (x) => op.AveragePool(x!, { kernel: [2, 4] }), image],
  [
    'AveragePool, overlapping',
    (x) => op.AveragePool(x!, { kernel: [3, 2], strides: [2, 1] }),
    image,
  ],
  ['Resize', (x) => op.Resize(x!, [2, 3]), image],
  [
    'BatchNormalization',
    (x, v) => op.BatchNormalization(x!, v!, v!, v!, positive(v!), 1e-5),
    image,
    [3],
  ],
  [
    'BatchNormalization of vectors',
    (x, v) => op.BatchNormalization(x!, v!, v!, v!, positive(v!), 1e-2),
    ['N', 3],
    [3],
  ],
  [
    'BatchNormalizationTraining',
    (x, v) => op.BatchNormalizationTraining(x!, v!, v!, 1e-5),
    image,
    [3],
  ],
  [
    'BatchNormalizationTraining of sequences',
    (x, v) => op.BatchNormalizationTraining(x!, v!, v!, 1e-2),
    ['N', 3, 4],
    [3],
  ],
  [
    'BatchNormalizationTraining of vectors',
    (x, v) => op.BatchNormalizationTraining(x!, v!, v!, 1e-2),
    [4, 3],
    [3],
  ],
  [
    'normalizeConv',
    (x, w, v) => op.normalizeConv(op.Conv(x!, w!), v!, v!, 1e-2),
    [2, 1, 5, 6],
    [7, 1, 2, 2],
    [7],
  ],
];

/** The native part is not on every machine. */
const native = await loadBackend('tfjs-node', 1).then(
  () => true,
  () => false,
);
const BACKENDS: readonly TensorFlowBackend[] = [
  ...(native ? (['tfjs-node'] as const) : []),
  'wasm',
  'cpu',
];

function sizes(shape: Shape): number[] {
  return shape.map((dim) => (typeof dim === 'number' ? dim : N));
}

/** Numbers between −1 and 1 that are all different. */
function numbers(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin((i + 1) * (seed + 2)) || 0.5);
}

interface Case {
  inputs: Value[];
  outputs: readonly Value[];
  feeds: { data: Float32Array; shape: number[] }[];
}

function caseOf([, f, ...shapes]: Row): Case {
  const inputs = shapes.map((shape, i) => input(`x${i}`, 'float32', shape));
  const made = f(...inputs);
  return {
    inputs,
    outputs: Array.isArray(made) ? (made as Value[]) : [made as Value],
    feeds: shapes.map((shape, i) => {
      const dims = sizes(shape);
      return { data: numbers(sizeOf(dims), i), shape: dims };
    }),
  };
}

interface Result {
  shape: readonly number[];
  data: number[];
}

async function byOnnxRuntime({ inputs, outputs, feeds }: Case): Promise<Result[]> {
  const named = Object.fromEntries(outputs.map((value, i) => [`y${i}`, value]));
  const model = encodeModel(buildModel({ name: 'test', inputs, outputs: named }));
  const session = await InferenceSession.create(model);
  try {
    const results = await session.run(
      Object.fromEntries(
        feeds.map(({ data, shape }, i) => [`x${i}`, new OrtTensor('float32', data, shape)]),
      ),
    );
    return outputs.map((_, i) => {
      const { dims, data } = results[`y${i}`]!;
      return { shape: dims, data: Array.from(data as Float32Array, Number) };
    });
  } finally {
    await session.release();
  }
}

/** @param store how an input is stored */
async function byTensorFlow(
  { inputs, outputs, feeds }: Case,
  store: (tensor: tf.Tensor) => Stored,
): Promise<Result[]> {
  const graph = interpreter(outputs);
  const given = new Map(
    feeds.map(({ data, shape }, i) => [
      inputs[i]!,
      store(tf.tensor(Float32Array.from(data), shape)),
    ]),
  );
  const results = await graph.run(given);
  const rows = results.map((stored) => tf.tidy(() => rowMajor(stored).clone()));
  const read = await Promise.all(
    rows.map(async (x) => ({ shape: x.shape, data: Array.from(await x.data(), Number) })),
  );
  tf.dispose([...given.values(), ...results].map(({ tensor }) => tensor));
  tf.dispose(rows);
  graph.dispose();
  return read;
}

/** With its axes stored the other way round. */
function backwards(tensor: tf.Tensor): Stored {
  const order = inOrder(tensor.rank).reverse();
  const turned = tf.transpose(tensor, order);
  tensor.dispose();
  return { tensor: turned, order };
}

test('every kernel of the table has a row', () => {
  const used = new Set<string>();
  for (const row of ROWS) {
    const stack = [...caseOf(row).outputs];
    for (let value = stack.pop(); value; value = stack.pop()) {
      if (!value.node) continue;
      used.add(value.node.op);
      stack.push(...value.node.inputs.flatMap((x) => x ?? []));
    }
  }
  expect(Object.keys(kernels).filter((name) => !used.has(name))).toEqual([]);
});

describe.each(BACKENDS)('on the %s backend', (backend) => {
  beforeAll(async () => {
    await loadBackend(backend, 1);
  });

  test.each(ROWS)('%s', async (...row) => {
    const each = caseOf(row);
    const expected = await byOnnxRuntime(each);
    const before = tf.memory().numTensors;
    for (const store of [plain, backwards]) {
      const got = await byTensorFlow(each, store);
      got.forEach(({ shape, data }, i) => {
        expect(shape).toEqual(expected[i]!.shape);
        data.forEach((value, k) => {
          expect(value, `element ${k} of output ${i}`).toBeCloseTo(expected[i]!.data[k]!, 4);
        });
      });
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
