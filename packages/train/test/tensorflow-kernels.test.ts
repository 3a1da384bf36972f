/** Every operator of the tensorflow engine's table against onnxruntime, however its inputs are stored. */
import { buildModel, encodeModel, input, type Shape, sizeOf, type Value } from '@ganport/onnx';
import * as tf from '@tensorflow/tfjs';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadBackend, type TensorFlowBackend } from '../src/tensorflow/backend.ts';
import { interpreter } from '../src/tensorflow/interpret.ts';
import * as kernels from '../src/tensorflow/kernels/index.ts';
import { inOrder, plain, rowMajor, type Stored } from '../src/tensorflow/stored.ts';
import { ROWS, type Row } from './tensorflow-rows.ts';

/** Size that the symbolic batch "N" has in these tests. */
const N = 2;

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
