/** How graphs are interpreted: order, ownership, layouts, errors. What operators compute: tensorflow-kernels.test.ts. */
import {
  constant,
  float32,
  gradients,
  input,
  ops as op,
  type Shape,
  scalar,
  sizeOf,
  type Value,
} from '@ganport/onnx';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadBackend } from '../src/tensorflow/backend.ts';
import { interpreter } from '../src/tensorflow/interpret.ts';
import { plain, rowMajor, type Stored } from '../src/tensorflow/stored.ts';

beforeAll(async () => {
  await loadBackend('cpu', 1);
});

let before: number;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
});

const x = input('x', 'float32', [2]);

/** Runs a graph of known shapes on ones; reads and disposes what it gives. */
async function run(outputs: readonly Value[], given: readonly Value[], pause?: () => undefined) {
  const graph = interpreter(outputs);
  const inputs = new Map<Value, Stored>(
    given.map((value) => [value, plain(tf.ones(value.shape as number[]))]),
  );
  try {
    const results = await graph.run(inputs, pause);
    const read = results.map((stored) => tf.tidy(() => Array.from(rowMajor(stored).dataSync())));
    tf.dispose(results.map(({ tensor }) => tensor));
    return read;
  } finally {
    tf.dispose([...inputs.values()].map(({ tensor }) => tensor));
    graph.dispose();
  }
}

/** An operator that nobody has heard of. */
function unheard(composed?: () => Value[]): Value {
  const value = op.Neg(x);
  Object.assign(value.node!, { op: 'Unheard', composed });
  return value;
}

test('what has no kernel is what it is composed of', async () => {
  const twice = unheard(() => [unheard(() => [op.Add(x, x)])]);
  expect(await run([op.Neg(twice), twice], [x])).toEqual([
    [-2, -2],
    [2, 2],
  ]);
});

test('what has neither is an error that names it', () => {
  expect(() => interpreter([op.Neg(unheard())])).toThrow(/no kernel for operator Unheard$/);
});

test('an input that is not given is an error', async () => {
  await expect(run([op.Neg(x)], [])).rejects.toThrow(/without its input "x"$/);
});

test('a graph of 20,000 nodes in a row is run, and each tensor disposed after its last use', async () => {
  let y: Value = x;
  for (let i = 0; i < 10_000; i++) y = op.Neg(op.Neg(y));
  let most = 0;
  const result = await run([y], [x], () => {
    most = Math.max(most, tf.memory().numTensors - before);
  });
  expect(result).toEqual([[1, 1]]);
  // The graph's input and its last node's output.
  expect(most).toBe(2);
});

test('a node runs once, however often it is used', async () => {
  let y: Value = x;
  let runs = 0;
  for (let i = 0; i < 40; i++) y = op.Sub(op.Add(y, y), y);
  expect(await run([y, y], [x], () => void runs++)).toEqual([
    [1, 1],
    [1, 1],
  ]);
  expect(runs).toBe(80);
});

test('an input, a constant, and one value twice are outputs of their own', async () => {
  const y = op.Neg(x);
  const outputs = [x, scalar(3), y, y, op.Identity(x), op.Transpose(x, [0])];
  expect(await run(outputs, [x])).toEqual([[1, 1], [3], [-1, -1], [-1, -1], [1, 1], [1, 1]]);
});

test('what a pause throws ends the run', async () => {
  let pauses = 0;
  const stop = () => {
    if (++pauses === 3) throw new Error('stopped');
  };
  const y = op.Concat([op.Neg(x), op.Abs(x), op.Exp(x)], 0);
  await expect(run([y], [x], stop as () => undefined)).rejects.toThrow('stopped');
});

test('a kernel that fails names its operator', async () => {
  const y = input('y', 'float32', [2]);
  const graph = interpreter([op.Add(op.Neg(x), y)]);
  // Not the shape that the graph was made for.
  const inputs = new Map([x, y].map((value, i) => [value, plain(tf.ones([i + 2]))]));
  await expect(graph.run(inputs)).rejects.toThrow(/^Add: /);
  tf.dispose([...inputs.values()].map(({ tensor }) => tensor));
  graph.dispose();
});

test('a convolutional step moves no image from one layout to another', async () => {
  const shape: Shape = [2, 1, 12, 12];
  const image = input('image', 'float32', shape);
  const weights = [
    input('w1', 'float32', [6, 1, 3, 3]),
    input('w2', 'float32', [4, 6, 3, 3]),
    input('scale', 'float32', [4]),
  ] as const;
  const hidden = op.LeakyRelu(op.Conv(image, weights[0], undefined, { pads: [1, 1, 1, 1] }), 0.2);
  const pooled = op.AveragePool(hidden, { kernel: [2, 2] });
  const convolved = op.Conv(pooled, weights[1]);
  const [normal] = op.BatchNormalizationTraining(convolved, weights[2], weights[2], 1e-5);
  const loss = op.mean(op.Tanh(op.Mul(normal, constant(float32([1, 2, 3, 4], [4, 1, 1])))));
  const moved = await transposed(() =>
    run([loss, ...gradients(loss, weights)], [image, ...weights]),
  );
  // Kernels are, and they are small.
  expect(Math.max(...moved)).toBe(sizeOf([4, 6, 3, 3]));
});

/** Sizes of the tensors that are transposed. */
async function transposed(f: () => Promise<unknown>): Promise<number[]> {
  const original = tf.getKernel(tf.Transpose, 'cpu');
  const sizes: number[] = [];
  tf.unregisterKernel(tf.Transpose, 'cpu');
  tf.registerKernel({
    ...original,
    kernelFunc: (args) => {
      sizes.push(sizeOf((args.inputs.x as tf.Tensor).shape));
      return original.kernelFunc(args);
    },
  });
  try {
    await f();
  } finally {
    tf.unregisterKernel(tf.Transpose, 'cpu');
    tf.registerKernel(original);
  }
  return sizes;
}
