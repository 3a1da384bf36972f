import { constant, float32, input } from '@ganport/onnx';
import { describe, expect, test } from 'vitest';
import { ModelError } from '../src/error.ts';
import { lowerNetwork } from '../src/lower-network.ts';
import { type NetworkSpec, resolveNetwork } from '../src/network.ts';
import { forward, randomInputs, randomWeights } from './reference-network.ts';
import { expectClose, runGraph, runNetwork } from './run-network.ts';

type LayerSpec = NetworkSpec['layers'][number];

const chain = (x: number[], ...layers: LayerSpec[]): NetworkSpec => ({ inputs: { x }, layers });

const image = [3, 7, 6];

const CASES: Record<string, NetworkSpec> = {
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
  'a conditional generator, its label before its latent': {
    inputs: { label: { classes: 5 }, z: [6] },
    layers: [
      { type: 'embedding', units: 3, from: 'label', name: 'class' },
      { type: 'concat', from: ['z', 'class'] },
      { type: 'dense', units: 8 },
      { type: 'batchNorm' },
      { type: 'tanh' },
    ],
  },
  'a discriminator that also tells classes, and what it sees': {
    inputs: { image: [2, 4, 4] },
    layers: [
      { type: 'conv2d', filters: 3, kernel: 3, name: 'seen' },
      { type: 'leakyRelu' },
      { type: 'flatten', name: 'features' },
      { type: 'dense', units: 4, name: 'classes' },
      { type: 'dense', units: 1, from: 'features', name: 'logit' },
    ],
    output: 'logit',
    outputs: { classes: 'classes', seen: 'seen', again: 'logit' },
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

test.each(Object.entries(CASES))('%s draws what it should', async (_, spec) => {
  const network = resolveNetwork(spec, 'net');
  const weights = randomWeights(network);
  for (const count of [1, 3]) {
    const inputs = randomInputs(network, count);
    const got = await runNetwork(network, inputs, weights, { training: false });
    const { outputs } = forward(network, inputs, weights, false);
    expect(Object.keys(got).toSorted()).toEqual(Object.keys(network.outputs).toSorted());
    for (const [name, { shape }] of Object.entries(network.outputs)) {
      expectClose(got[name]!, outputs[name]!);
      expect(got[name]!.dims).toEqual([count, ...shape]);
    }
  }
});

test.each(Object.entries(CASES))('%s trains as it should', async (_, spec) => {
  const network = resolveNetwork(spec, 'net');
  const weights = randomWeights(network);
  const inputs = randomInputs(network, 4);
  const got = await runNetwork(network, inputs, weights, { training: true });
  const { outputs, updates } = forward(network, inputs, weights, true);
  const expected = { ...outputs, ...updates };
  expect(Object.keys(got).toSorted()).toEqual(Object.keys(expected).toSorted());
  for (const [name, batch] of Object.entries(expected)) expectClose(got[name]!, batch);
});

test('the next pass of a step goes on from what the last has counted', async () => {
  const network = resolveNetwork(CASES["a generator as DCGAN's"], 'net');
  const weights = randomWeights(network);
  const [first, second] = [3, 5].map((count) => randomInputs(network, count));
  const constants = Object.entries(weights).map(([name, { shape, data }]) => {
    return [name, constant(float32(data, shape))] as const;
  });
  const given = Object.fromEntries(constants);
  const x = [3, 5].map((count) => input(`x${count}`, 'float32', [count, 6]));
  const before = lowerNetwork(network, { x: x[0]! }, given, { training: true });
  const { updates } = lowerNetwork(
    network,
    { x: x[1]! },
    { ...given, ...before.updates },
    { training: true },
  );
  const got = await runGraph(x, updates, { x3: first!.x!, x5: second!.x! });
  const reference = forward(network, first!, weights, true);
  const expected = forward(network, second!, { ...weights, ...reference.updates }, true).updates;
  expect(Object.keys(got).toSorted()).toEqual(Object.keys(expected).toSorted());
  for (const [name, next] of Object.entries(expected)) expectClose(got[name]!, next);
});

test('random numbers are asked for by layer and name, and cannot be left out', () => {
  const network = resolveNetwork(chain([5], { type: 'dropout', name: 'drop' }), 'net');
  const x = input('x', 'float32', [4, 5]);
  const asked: unknown[] = [];
  const random = (...what: unknown[]) => {
    asked.push(what);
    return x;
  };
  lowerNetwork(network, { x }, {}, { training: true, random });
  expect(asked).toEqual([['drop.mask', [4, 5], 'uniform']]);
  expect(() => lowerNetwork(network, { x }, {}, { training: true })).toThrow(
    new ModelError('layer "drop" (dropout): it needs random numbers, and this pass has none'),
  );
});

describe('refuses a batch', () => {
  const lower = (spec: NetworkSpec, count: number, options = { training: true }) => {
    const network = resolveNetwork(spec, 'net');
    const x = input('x', 'float32', [count, ...network.inputs.x!]);
    const weights = network.parameters.map(({ name, shape }) => {
      return [name, input(name, 'float32', shape)] as const;
    });
    return lowerNetwork(network, { x }, Object.fromEntries(weights), options);
  };

  test.each<[string, NetworkSpec]>([
    ['a vector', chain([5], { type: 'batchNorm' })],
    ['an image of one pixel', chain([5, 1, 1], { type: 'batchNorm' })],
  ])('of one value per channel, of %s', (_, spec) => {
    expect(() => lower(spec, 1)).toThrow(ModelError);
    expect(() => lower(spec, 1)).toThrow(
      'layer "0" (batchNorm): one value per channel has no variance: take a larger batch',
    );
    expect(Object.keys(lower(spec, 2).updates)).toEqual(['0.running_mean', '0.running_var']);
    expect(lower(spec, 1, { training: false }).updates).toEqual({});
  });
});
