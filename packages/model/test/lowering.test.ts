import { buildModel, constant, encodeModel, float32, input, sizeOf } from '@ganport/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { lowerNetwork } from '../src/lower-network.ts';
import { type Network, type NetworkSpec, resolveNetwork } from '../src/network.ts';
import { randomSequence, STREAM } from '../src/random.ts';
import { type Batch, forward } from './reference-network.ts';

/** Random numbers in ±1, of `low` and more if given. */
function random(shape: readonly number[], salt: number, low = -1): Batch {
  const { uniform } = randomSequence(7, STREAM.weights, salt);
  const data = Float32Array.from({ length: sizeOf(shape) }, () => low + (1 - low) * uniform());
  return { shape, data };
}

function randomWeights({ parameters }: Network): Record<string, Batch> {
  const weights = parameters.map(({ name, shape }, salt) => {
    // A variance is positive, and nothing is divided by almost zero.
    return [name, random(shape, salt, name.endsWith('running_var') ? 0.3 : -1)] as const;
  });
  return Object.fromEntries(weights);
}

function randomInputs({ inputs }: Network, count: number): Record<string, Batch> {
  const batches = Object.entries(inputs).map(([name, shape], i) => {
    return [name, random([count, ...shape], 1000 + i)] as const;
  });
  return Object.fromEntries(batches);
}

/** Runs the lowered network, weights as constants; the batch is symbolic unless it trains. */
async function run(
  network: Network,
  feeds: Record<string, Batch>,
  weights: Record<string, Batch>,
  training: boolean,
): Promise<Record<string, Tensor>> {
  const inputs = Object.entries(feeds).map(
    ([
      name,
      {
        shape: [count, ...shape],
      },
    ]) => input(name, 'float32', [training ? count! : 'N', ...shape]),
  );
  const constants = Object.entries(weights).map(([name, { shape, data }]) => {
    return [name, constant(float32(data, shape))] as const;
  });
  const { outputs, updates } = lowerNetwork(
    network,
    Object.fromEntries(Object.keys(feeds).map((name, i) => [name, inputs[i]!])),
    Object.fromEntries(constants),
    { training },
  );
  const model = encodeModel(
    buildModel({ name: 'net', inputs, outputs: { ...outputs, ...updates } }),
  );
  const session = await InferenceSession.create(model);
  try {
    const tensors = Object.entries(feeds).map(([name, { shape, data }]) => {
      return [name, new Tensor('float32', Float32Array.from(data), shape)] as const;
    });
    return (await session.run(Object.fromEntries(tensors))) as Record<string, Tensor>;
  } finally {
    await session.release();
  }
}

/** Within 1e-5 of the largest number, or of 1: float32 against double, over sums of a hundred terms. */
function expectClose(got: Tensor, expected: Batch): void {
  expect(got.dims).toEqual(expected.shape);
  const reference = Array.from(expected.data);
  const largest = Math.max(...reference.map(Math.abs));
  // Zeros would agree with zeros.
  expect(largest).toBeGreaterThan(0.01);
  const data = got.data as Float32Array;
  const worst = Math.max(...reference.map((value, i) => Math.abs(value - data[i]!)));
  expect(worst / Math.max(1, largest)).toBeLessThan(1e-5);
}

type LayerSpec = NetworkSpec['layers'][number];

const chain = (x: number[], ...layers: LayerSpec[]): NetworkSpec => ({ inputs: { x }, layers });

const image = [3, 7, 6];

const CASES: Record<string, NetworkSpec> = {
  dense: chain([5], { type: 'dense', units: 4 }),
  'dense, no bias': chain([5], { type: 'dense', units: 4, bias: false }),
  conv2d: chain(image, { type: 'conv2d', filters: 4, kernel: 3 }),
  'conv2d, uneven in everything': chain(image, {
    type: 'conv2d',
    filters: 2,
    kernel: [2, 3],
    stride: [3, 2],
    pad: [1, 2],
  }),
  'conv2d, no bias': chain(image, { type: 'conv2d', filters: 4, kernel: 1, bias: false }),
  convTranspose2d: chain(image, { type: 'convTranspose2d', filters: 4, kernel: 3 }),
  'convTranspose2d, as in DCGAN': chain(image, {
    type: 'convTranspose2d',
    filters: 2,
    kernel: 4,
    stride: 2,
    pad: 1,
    bias: false,
  }),
  'convTranspose2d, uneven in everything': chain(image, {
    type: 'convTranspose2d',
    filters: 2,
    kernel: [2, 3],
    stride: [3, 2],
    pad: [0, 2],
  }),
  'batchNorm of an image': chain(image, { type: 'batchNorm' }),
  'batchNorm of a vector': chain([5], { type: 'batchNorm', epsilon: 0.5, momentum: 0.7 }),
  relu: chain(image, { type: 'relu' }),
  leakyRelu: chain(image, { type: 'leakyRelu', slope: 0.3 }),
  'leakyRelu, default slope': chain(image, { type: 'leakyRelu' }),
  tanh: chain(image, { type: 'tanh' }),
  sigmoid: chain(image, { type: 'sigmoid' }),
  'avgPool2d, a rest': chain(image, { type: 'avgPool2d', kernel: 2 }),
  'avgPool2d, overlapping': chain(image, { type: 'avgPool2d', kernel: [3, 2], stride: [2, 1] }),
  upsample2d: chain(image, { type: 'upsample2d', scale: 3 }),
  reshape: chain(image, { type: 'reshape', shape: [2, 9, 7] }),
  flatten: chain(image, { type: 'flatten' }),
  'a residual block': {
    inputs: { x: image },
    layers: [
      { type: 'conv2d', filters: 3, kernel: 3, pad: 1, name: 'a' },
      { type: 'batchNorm', name: 'b' },
      { type: 'relu' },
      { type: 'add', from: ['a', '2', 'x'] },
    ],
  },
  'batchNorm of a narrow convolution': chain(
    [2, 7, 6],
    { type: 'conv2d', filters: 37, kernel: [2, 3], stride: [1, 2], pad: [1, 0] },
    { type: 'batchNorm', epsilon: 0.1 },
    { type: 'relu' },
  ),
  'a residual block of narrow convolutions': {
    inputs: { x: [1, 5, 5] },
    layers: [
      { type: 'conv2d', filters: 27, kernel: 3, pad: 1, bias: false, name: 'a' },
      { type: 'batchNorm', name: 'b' },
      { type: 'add', from: ['a', 'b'] },
    ],
  },
  'two inputs, joined; a layer nothing takes': {
    inputs: { x: [2, 3], y: [1, 3] },
    layers: [
      { type: 'tanh', from: 'x', name: 'a' },
      { type: 'concat', from: ['y', 'a', 'y'], name: 'joined' },
      { type: 'batchNorm' },
    ],
    output: 'joined',
  },
  'joined vectors': {
    inputs: { x: [4] },
    layers: [
      { type: 'dense', units: 3 },
      { type: 'concat', from: ['x', '0'] },
    ],
  },
  "a generator as DCGAN's": chain(
    [6],
    { type: 'dense', units: 16 },
    { type: 'reshape', shape: [4, 2, 2] },
    { type: 'batchNorm' },
    { type: 'relu' },
    { type: 'convTranspose2d', filters: 3, kernel: 4, stride: 2, pad: 1, bias: false },
    { type: 'batchNorm' },
    { type: 'relu' },
    { type: 'upsample2d' },
    { type: 'conv2d', filters: 3, kernel: 3, pad: 1 },
    { type: 'tanh' },
  ),
  'a discriminator': chain(
    [1, 8, 8],
    { type: 'conv2d', filters: 4, kernel: 4, stride: 2, pad: 1 },
    { type: 'leakyRelu', slope: 0.2 },
    { type: 'avgPool2d', kernel: 2 },
    { type: 'flatten' },
    { type: 'dense', units: 1 },
  ),
};

test.each(Object.entries(CASES))('%s computes what it should', async (_, spec) => {
  const network = resolveNetwork(spec, 'net');
  const weights = randomWeights(network);
  for (const count of [1, 3]) {
    const inputs = randomInputs(network, count);
    const { output } = await run(network, inputs, weights, false);
    const reference = forward(network, inputs, weights, false);
    expectClose(output!, reference.output);
    expect(output!.dims).toEqual([count, ...network.outputShape]);
  }
});

const NORMALISED = Object.entries(CASES).filter(
  ([, { layers, output }]) => layers.some(({ type }) => type === 'batchNorm') && !output,
);

test.each(NORMALISED)('%s, in training, uses batch statistics and counts them', async (_, spec) => {
  const network = resolveNetwork(spec, 'net');
  const weights = randomWeights(network);
  const inputs = randomInputs(network, 4);
  const { output, updates } = forward(network, inputs, weights, true);
  const got = await run(network, inputs, weights, true);
  expectClose(got.output!, output);
  expect(Object.keys(got).toSorted()).toEqual(['output', ...Object.keys(updates)].toSorted());
  for (const [name, next] of Object.entries(updates)) expectClose(got[name]!, next);
});
