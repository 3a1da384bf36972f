import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import {
  buildModel,
  constant,
  encodeModel,
  float32,
  gradients,
  input,
  ops as op,
  scalar,
  type Value,
} from '../src/index.ts';

/** Small reproducible numbers, none near 0, where |x|, Relu and the like have a kink. */
function numbers(count: number, salt: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const x = Math.sin(12.9898 * (i + 1) + 78.233 * (salt + 1)) * 43758.5453;
    const unit = x - Math.floor(x);
    return (unit < 0.5 ? -1 : 1) * (0.25 + (unit * 2 - Math.floor(unit * 2)));
  });
}

type Feeds = Record<string, OrtTensor>;

/** Runs a graph of scalars and gradients; the caller releases the session. */
async function session(inputs: Value[], outputs: Record<string, Value>): Promise<InferenceSession> {
  const model = encodeModel(buildModel({ name: 'test', inputs, outputs }));
  return InferenceSession.create(model, { graphOptimizationLevel: 'basic' });
}

/** A scalar that weighs every element of `y` differently, so that no error cancels. */
function weigh(y: Value): Value {
  const shape = y.shape as number[];
  const count = shape.reduce((a, b) => a * b, 1);
  return op.ReduceSum(op.Mul(y, constant(float32(numbers(count, 99), shape))));
}

/**
 * Compares gradients with central differences, element by element. Both sides are float32: with a
 * step of 1e-2 rounding leaves about 1e-4 of f, and curvature about 1e-4 of f's third derivative,
 * so they must agree within 1 % of the largest gradient.
 */
async function expectGradient(f: (...x: Value[]) => Value, shapes: number[][], positive = false) {
  const inputs = shapes.map((shape, i) => input(`x${i}`, 'float32', shape));
  const y = f(...inputs);
  const gs = gradients(y, inputs);
  const outputs = Object.fromEntries([['y', y], ...gs.map((g, i) => [`g${i}`, g] as const)]);
  const run = await session(inputs, outputs);
  const feeds: Feeds = {};
  shapes.forEach((shape, i) => {
    const data = numbers(
      shape.reduce((a, b) => a * b, 1),
      i,
    );
    feeds[`x${i}`] = new OrtTensor('float32', positive ? data.map(Math.abs) : data, shape);
  });
  const analytic = await run.run(feeds);
  const at = async () => Number((await run.run(feeds, ['y'])).y!.data[0]);
  let largest = 0;
  for (const [i] of shapes.entries()) {
    const x = feeds[`x${i}`]!.data as Float32Array;
    const g = analytic[`g${i}`]!.data as Float32Array;
    expect(analytic[`g${i}`]!.dims).toEqual(shapes[i]);
    const numeric = new Float32Array(x.length);
    for (const [k, middle] of x.entries()) {
      const ends = [];
      for (const step of [0.01, -0.01]) {
        x[k] = middle + step;
        ends.push(await at());
      }
      x[k] = middle;
      numeric[k] = (ends[0]! - ends[1]!) / 0.02;
    }
    const scale = Math.max(1, ...numeric.map(Math.abs));
    largest = Math.max(largest, ...numeric.map(Math.abs));
    const worst = Math.max(...g.map((value, k) => Math.abs(value - numeric[k]!)));
    expect(worst / scale, `input ${i}: got ${g}, expected ${numeric}`).toBeLessThan(0.01);
  }
  // Gradients that are zero everywhere would agree for the wrong reason.
  expect(largest).toBeGreaterThan(1e-3);
  await run.release();
}

interface Case {
  f: (...x: Value[]) => Value;
  shapes: number[][];
  positive?: boolean;
  /** No second derivative: the function is linear in each input, or piecewise so. */
  linear?: boolean;
}

const one = [[2, 3]];
const image = [2, 3, 5, 6];
const CASES: Record<string, Case> = {
  Abs: { f: (x) => op.Abs(x!), shapes: one, linear: true },
  Exp: { f: (x) => op.Exp(x!), shapes: one },
  Identity: { f: (x) => op.Mul(op.Identity(x!), x!), shapes: one },
  Log: { f: (x) => op.Log(x!), shapes: one, positive: true },
  Neg: { f: (x) => op.Neg(x!), shapes: one, linear: true },
  Relu: { f: (x) => op.Relu(x!), shapes: one, linear: true },
  Sigmoid: { f: (x) => op.Sigmoid(x!), shapes: one },
  Softplus: { f: (x) => op.Softplus(x!), shapes: one },
  Sqrt: { f: (x) => op.Sqrt(x!), shapes: one, positive: true },
  Tanh: { f: (x) => op.Tanh(x!), shapes: one },
  LeakyRelu: { f: (x) => op.LeakyRelu(x!, 0.2), shapes: one, linear: true },
  HardSigmoid: { f: (x) => op.HardSigmoid(x!, 0.5, 0.3), shapes: [[4, 5]], linear: true },
  Clip: { f: (x) => op.Clip(x!, -0.7, 0.8), shapes: [[4, 5]], linear: true },
  Where: {
    f: (a, b) => op.Where(op.Greater(a!, b!), op.Mul(a!, a!), op.Mul(b!, b!)),
    shapes: [
      [2, 3],
      [1, 3],
    ],
  },
  'Add, broadcast': { f: (a, b) => op.Add(a!, b!), shapes: [[2, 3], [3]], linear: true },
  'Sub, broadcast': { f: (a, b) => op.Sub(a!, b!), shapes: [[3], [2, 3]], linear: true },
  'Mul, broadcast': {
    f: (a, b) => op.Mul(a!, b!),
    shapes: [
      [2, 1, 3],
      [4, 1],
    ],
  },
  'Mul, of a value with itself': { f: (a) => op.Mul(a!, a!), shapes: one },
  'Div, broadcast': {
    f: (a, b) => op.Div(a!, b!),
    shapes: [
      [2, 3],
      [1, 3],
    ],
    positive: true,
  },
  MatMul: {
    f: (a, b) => op.MatMul(a!, b!),
    shapes: [
      [2, 3],
      [3, 4],
    ],
  },
  'MatMul, broadcast': {
    f: (a, b) => op.MatMul(a!, b!),
    shapes: [
      [2, 2, 3],
      [3, 4],
    ],
  },
  Gemm: { f: (a, b, c) => op.Gemm(a!, b!, c!), shapes: [[2, 3], [3, 4], [4]] },
  'Gemm, transA': {
    f: (a, b, c) => op.Gemm(a!, b!, c!, { transA: true }),
    shapes: [
      [3, 2],
      [3, 4],
      [2, 4],
    ],
  },
  'Gemm, transB': {
    f: (a, b, c) => op.Gemm(a!, b!, c!, { transB: true }),
    shapes: [
      [2, 3],
      [4, 3],
      [1, 4],
    ],
  },
  'Gemm, both': {
    f: (a, b) => op.Gemm(a!, b!, undefined, { transA: true, transB: true }),
    shapes: [
      [3, 2],
      [4, 3],
    ],
  },
  ReduceSum: {
    f: (x) => op.ReduceSum(op.Mul(x!, x!), { axes: [1], keepdims: true }),
    shapes: [[2, 3, 2]],
  },
  mean: { f: (x) => op.mean(op.Mul(x!, x!), { axes: [0, 2] }), shapes: [[2, 3, 2]] },
  Reshape: { f: (x) => op.Reshape(op.Mul(x!, x!), [3, 2]), shapes: one },
  Expand: { f: (x) => op.Expand(op.Mul(x!, x!), [2, 3, 4]), shapes: [[3, 1]] },
  Transpose: { f: (x) => op.Transpose(op.Mul(x!, x!), [2, 0, 1]), shapes: [[2, 3, 4]] },
  Concat: {
    f: (a, b) => op.Concat([op.Mul(a!, a!), op.Mul(b!, b!), a!], 1),
    shapes: [
      [2, 3],
      [2, 1],
    ],
  },
  Split: {
    f: (x) => {
      const [a, , c] = op.Split(x!, [2, 1, 2], 1);
      return op.Mul(a!, c!);
    },
    shapes: [[2, 5]],
  },
  Slice: {
    f: (x) => op.Slice(op.Mul(x!, x!), { axes: [1], starts: [1], ends: [4] }),
    shapes: [[2, 5]],
  },
  'Slice, steps': {
    f: (x) =>
      op.Slice(op.Mul(x!, x!), { axes: [1, 0], starts: [1, 0], ends: [7, 3], steps: [3, 2] }),
    shapes: [[3, 8]],
  },
  'Slice, steps to the end': {
    f: (x) => op.Slice(op.Mul(x!, x!), { axes: [1], starts: [0], ends: [7], steps: [2] }),
    shapes: [[3, 7]],
  },
  Pad: { f: (x) => op.Pad(op.Mul(x!, x!), [0, 1], [0, 2]), shapes: one },
  Gather: { f: (x) => op.Gather(op.Mul(x!, x!), [2, 0, 1], 1), shapes: one },
  'Conv, 3×3 padded, more filters than channels': {
    f: (x, w, b) => op.Conv(x!, w!, b!, { pads: [1, 1, 1, 1] }),
    shapes: [image, [4, 3, 3, 3], [4]],
  },
  'Conv, fewer filters than channels, uneven pads': {
    f: (x, w) => op.Conv(x!, w!, undefined, { pads: [0, 1, 2, 0] }),
    shapes: [image, [2, 3, 3, 2]],
  },
  'Conv, pads beyond the kernel': {
    f: (x, w) => op.Conv(x!, w!, undefined, { pads: [2, 2, 3, 2] }),
    shapes: [image, [2, 3, 2, 2]],
  },
  'Conv, enough channels for the adjoint as a Conv': {
    f: (x, w) => op.Conv(x!, w!, undefined, { pads: [1, 0, 1, 1] }),
    shapes: [
      [1, 8, 3, 3],
      [2, 8, 3, 2],
    ],
  },
  'Conv, strides that leave a rest': {
    f: (x, w) => op.Conv(x!, w!, undefined, { strides: [2, 3], pads: [0, 1, 0, 0] }),
    shapes: [image, [2, 3, 2, 3]],
  },
  'Conv, dilated': {
    f: (x, w) => op.Conv(x!, w!, undefined, { dilations: [2, 1], pads: [1, 1, 2, 1] }),
    shapes: [image, [2, 3, 2, 3]],
  },
  'Conv, in groups': {
    f: (x, w, b) => op.Conv(x!, w!, b!, { strides: [2, 1], pads: [1, 0, 1, 1], group: 2 }),
    shapes: [[2, 4, 3, 4], [6, 2, 3, 2], [6]],
  },
  'Conv, a group for each channel': {
    f: (x, w) => op.Conv(x!, w!, undefined, { pads: [1, 1, 1, 1], group: 3 }),
    shapes: [
      [2, 3, 3, 4],
      [3, 1, 3, 3],
    ],
  },
  'ConvWeightGradient, strides that leave a rest': {
    f: (x, dy) => {
      const geometry = { kernel: [2, 3], strides: [2, 2], pads: [1, 0, 0, 1] } as const;
      return op.ConvWeightGradient(x!, dy!, { ...geometry, dilations: [1, 1], group: 1 });
    },
    shapes: [
      [2, 3, 5, 4],
      [2, 2, 3, 2],
    ],
  },
  ConvTranspose: {
    f: (x, w, b) => op.ConvTranspose(x!, w!, b!),
    shapes: [[2, 3, 3, 2], [3, 2, 2, 3], [2]],
  },
  'ConvTranspose, strided, padded': {
    f: (x, w) =>
      op.ConvTranspose(x!, w!, undefined, {
        strides: [2, 2],
        pads: [1, 1, 1, 0],
        outputPadding: [1, 0],
      }),
    shapes: [
      [2, 3, 3, 2],
      [3, 2, 3, 3],
    ],
  },
  'ConvTranspose, in groups': {
    f: (x, w, b) =>
      op.ConvTranspose(x!, w!, b!, {
        strides: [2, 2],
        pads: [1, 0, 1, 0],
        outputPadding: [1, 0],
        group: 2,
      }),
    shapes: [[2, 4, 2, 3], [4, 3, 3, 2], [6]],
  },
  GlobalMaxPool: { f: (x) => op.GlobalMaxPool(op.Mul(x!, x!)), shapes: [[2, 2, 3, 2]] },
  AveragePool: { f: (x) => op.AveragePool(op.Mul(x!, x!), { kernel: [2, 2] }), shapes: [image] },
  'AveragePool, overlapping': {
    f: (x) => op.AveragePool(op.Mul(x!, x!), { kernel: [3, 2], strides: [2, 1] }),
    shapes: [image],
  },
  Resize: { f: (x) => op.Resize(op.Mul(x!, x!), [2, 3]), shapes: [[1, 2, 2, 3]] },
  BatchNormalization: {
    f: (x, scale, bias, mean, variance) =>
      op.BatchNormalization(x!, scale!, bias!, mean!, op.Mul(variance!, variance!), 0.1),
    shapes: [[2, 2, 2, 3], [2], [2], [2], [2]],
  },
  'BatchNormalization, training': {
    f: (x, scale, bias) => op.BatchNormalizationTraining(x!, scale!, bias!, 1e-5)[0],
    shapes: [[3, 2, 2, 2], [2], [2]],
  },
  'BatchNormalization, training, its statistics': {
    f: (x, scale, bias) => {
      const [y, mean, variance] = op.BatchNormalizationTraining(x!, scale!, bias!, 1e-5);
      const image = [1, 2, 1, 1];
      return op.Add(op.Mul(y, op.Reshape(mean, image)), op.Reshape(variance, image));
    },
    shapes: [[3, 2, 2, 2], [2], [2]],
  },
  'a narrow convolution, normalized': {
    f: (x, w, b, scale, bias) => {
      const conv = op.Conv(x!, w!, b, { strides: [2, 1], pads: [1, 0, 0, 1] });
      return op.normalizeConv(conv, scale!, bias!, 0.1)[0];
    },
    shapes: [[3, 1, 3, 3], [5, 1, 2, 2], [5], [5], [5]],
  },
};

describe('a gradient agrees with finite differences', () => {
  test.each(Object.entries(CASES))('%s', async (_, { f, shapes, positive }) => {
    await expectGradient((...x) => weigh(f(...x)), shapes, positive);
  });
});

describe('the gradient of a gradient agrees with finite differences', () => {
  const curved = Object.entries(CASES).filter(([, { linear }]) => !linear);
  test.each(curved)('%s', async (_, { f, shapes, positive }) => {
    // The squared norm of the gradient, as in a gradient penalty.
    const penalty = (...x: Value[]) =>
      gradients(weigh(f(...x)), x)
        .map((g) => op.ReduceSum(op.Mul(g, g)))
        .reduce(op.Add);
    await expectGradient(penalty, shapes, positive);
  });
});

describe('gradients', () => {
  test('are zeros where nothing depends on the value', async () => {
    const [x, z] = [input('x', 'float32', [2]), input('z', 'float32', [3])];
    const [g] = gradients(op.ReduceSum(op.Mul(x, x)), [z]);
    const run = await session([], { g: g! });
    expect([...((await run.run({})).g!.data as Float32Array)]).toEqual([0, 0, 0]);
    await run.release();
  });

  test('stop at a value they are taken with respect to, and pass through it to others', async () => {
    const x = input('x', 'float32', []);
    const square = op.Mul(x, x);
    const y = op.Mul(square, scalar(3));
    const [gSquare, gx] = gradients(y, [square, x]);
    const run = await session([x], { gSquare: gSquare!, gx: gx! });
    const got = await run.run({ x: new OrtTensor('float32', [5], []) });
    expect(got.gSquare!.data[0]).toBe(3);
    expect(got.gx!.data[0]).toBe(30);
    await run.release();
  });

  test('do not pass through stopGradient, and what it is written as is the value itself', async () => {
    const x = input('x', 'float32', []);
    const y = op.Mul(op.stopGradient(op.Mul(x, x)), x);
    const run = await session([x], { y, g: gradients(y, [x])[0]! });
    const got = await run.run({ x: new OrtTensor('float32', [5], []) });
    expect([got.y!.data[0], got.g!.data[0]]).toEqual([125, 25]);
    await run.release();
  });

  test('do not flow through what is constant almost everywhere', async () => {
    const x = input('x', 'float32', [3]);
    const ones = op.Cast(op.Equal(x, constant(float32([1, 5, 3]))), 'float32');
    const [g] = gradients(op.ReduceSum(op.Mul(ones, x)), [x]);
    const run = await session([x], { g: g! });
    const got = await run.run({ x: new OrtTensor('float32', [1, 2, 3], [3]) });
    expect([...(got.g!.data as Float32Array)]).toEqual([1, 0, 1]);
    await run.release();
  });

  test('are refused of anything but a scalar', () => {
    const x = input('x', 'float32', [2]);
    expect(() => gradients(x, [x])).toThrow('expected a scalar, got [2]');
  });
});
