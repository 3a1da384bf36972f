import {
  lowerNetwork,
  type Network,
  type NetworkSpec,
  randomSequence,
  resolveNetwork,
  STREAM,
} from '@ganport/model';
import { buildModel, constant, encodeModel, float32, input, sizeOf } from '@ganport/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { foldBatchNorm } from '../src/passes/fold-batch-norm.ts';
import type { WeightArrays } from '../src/passes/weighted-network.ts';

/** Uniform in low…1. */
function random(count: number, salt: number, low: number): Float32Array {
  const { uniform } = randomSequence(11, STREAM.weights, salt);
  return Float32Array.from({ length: count }, () => low + (1 - low) * uniform());
}

function randomWeights({ parameters }: Network): WeightArrays {
  const weights = parameters.map(({ name, shape }, salt) => {
    // Variances are positive; 0.05 divides by 0.2, and errors grow fivefold.
    const low = name.endsWith('running_var') ? 0.05 : -1;
    return [name, random(sizeOf(shape), salt, low)] as const;
  });
  return Object.fromEntries(weights);
}

const BATCH = 3;

/** The network's output for `BATCH` random inputs. */
async function run(network: Network, weights: WeightArrays): Promise<Float32Array> {
  const [[name, size]] = Object.entries(network.inputs) as [[string, readonly number[]]];
  const shape = [BATCH, ...size];
  const x = input(name, 'float32', shape);
  const constants = network.parameters.map(({ name, shape }) => {
    return [name, constant(float32(weights[name]!, shape))] as const;
  });
  const { outputs } = lowerNetwork(network, { [name]: x }, Object.fromEntries(constants), {
    training: false,
  });
  const model = encodeModel(buildModel({ name: 'net', inputs: [x], outputs }));
  const session = await InferenceSession.create(model, { graphOptimizationLevel: 'disabled' });
  try {
    const feed = new Tensor('float32', random(sizeOf(shape), 999, -1), shape);
    return (await session.run({ [name]: feed })).output!.data as Float32Array;
  } finally {
    await session.release();
  }
}

type LayerSpec = NetworkSpec['layers'][number];

const chain = (x: number[], ...layers: LayerSpec[]): NetworkSpec => ({ inputs: { x }, layers });

const image = [3, 5, 4];
const norm: LayerSpec = { type: 'batchNorm', name: 'norm' };
const dense: LayerSpec = { type: 'dense', units: 24, name: 'target' };
const conv: LayerSpec = {
  type: 'conv2d',
  filters: 4,
  kernel: [3, 2],
  stride: [1, 2],
  pad: 1,
  name: 'target',
};
const transposed: LayerSpec = {
  type: 'convTranspose2d',
  filters: 4,
  kernel: [4, 3],
  stride: 2,
  pad: 1,
  name: 'target',
};

async function expectSameFunction(spec: NetworkSpec): Promise<Network> {
  const network = resolveNetwork(spec, 'net');
  const weights = randomWeights(network);
  const before = structuredClone(weights);
  const folded = foldBatchNorm({ network, weights });
  expect(weights).toEqual(before);
  expect(folded.network.inputs).toEqual(network.inputs);
  expect(folded.network.outputShape).toEqual(network.outputShape);
  const [expected, got] = [await run(network, weights), await run(folded.network, folded.weights)];
  expect(got).toHaveLength(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  expect(largest).toBeGreaterThan(0.1);
  const worst = Math.max(...expected.map((value, i) => Math.abs(value - got[i]!)));
  expect(worst / Math.max(largest, 1)).toBeLessThan(1e-4);
  return folded.network;
}

function norms({ layers }: Network): string[] {
  return layers.filter(({ type }) => type === 'batchNorm').map(({ name }) => name);
}

describe('is folded', () => {
  test.each<[string, NetworkSpec]>([
    ['after dense', chain([5], dense, norm)],
    ['after dense without a bias', chain([5], { ...dense, bias: false } as LayerSpec, norm)],
    ['after dense, reshaped', chain([5], dense, { type: 'reshape', shape: [4, 3, 2] }, norm)],
    [
      'after dense, reshaped into one channel',
      chain([5], dense, { type: 'reshape', shape: [1, 6, 4] }, norm),
    ],
    [
      'after dense, reshaped twice',
      chain(
        [5],
        dense,
        { type: 'reshape', shape: [6, 4] },
        { type: 'reshape', shape: [2, 3, 4] },
        norm,
      ),
    ],
    ['after conv2d', chain(image, conv, norm)],
    [
      'after conv2d in groups',
      chain([4, 5, 4], { type: 'conv2d', filters: 6, kernel: 3, groups: 2 }, norm),
    ],
    [
      'after convTranspose2d in groups, with rows more at the bottom',
      chain(
        [4, 3, 2],
        {
          type: 'convTranspose2d',
          filters: 6,
          kernel: 3,
          stride: 2,
          outputPadding: 1,
          groups: 2,
          bias: false,
        },
        norm,
      ),
    ],
    [
      'after conv2d, its channels become pixels',
      chain(
        [3, 4, 4],
        { type: 'conv2d', filters: 8, kernel: 3 },
        { type: 'pixelShuffle' },
        { type: 'upsample2d', mode: 'bilinear' },
        norm,
      ),
    ],
    ['after conv2d without a bias', chain(image, { ...conv, bias: false } as LayerSpec, norm)],
    [
      'after conv2d, two channels joined into one',
      chain(image, conv, { type: 'reshape', shape: [2, 5, 6] }, norm),
    ],
    ['after convTranspose2d', chain(image, transposed, norm)],
    [
      'after convTranspose2d without a bias',
      chain(image, { ...transposed, bias: false } as LayerSpec, norm),
    ],
    ['after another batchNorm', chain(image, conv, { type: 'batchNorm' }, norm)],
    [
      'after another batchNorm, before a reshape',
      chain([5], dense, { type: 'batchNorm' }, { type: 'reshape', shape: [4, 3, 2] }, norm),
    ],
    ['after avgPool2d', chain(image, conv, { type: 'avgPool2d', kernel: 2, stride: 1 }, norm)],
    ['after dropout', chain(image, conv, { type: 'dropout' }, norm)],
    ['after upsample2d', chain(image, transposed, { type: 'upsample2d' }, norm)],
    [
      'after flatten of single pixels',
      chain([3, 2, 2], { type: 'conv2d', filters: 4, kernel: 2 }, { type: 'flatten' }, norm),
    ],
    ['with a large epsilon', chain(image, conv, { type: 'batchNorm', epsilon: 0.5 })],
    [
      'more than once, and what follows takes the layer before',
      chain(
        [5],
        dense,
        { type: 'reshape', shape: [2, 4, 3] },
        norm,
        { type: 'relu' },
        { ...conv, name: 'second' } as LayerSpec,
        { type: 'batchNorm', name: 'another' },
        { type: 'add', from: ['another', 'another'] },
        { type: 'tanh' },
      ),
    ],
  ])('%s', async (_, spec) => {
    expect(norms(await expectSameFunction(spec))).toEqual([]);
  });
});

describe('stays', () => {
  test.each<[string, NetworkSpec]>([
    ['on the input', chain(image, norm, conv)],
    ['after relu', chain(image, conv, { type: 'relu' }, norm)],
    ['after flatten', chain(image, conv, { type: 'flatten' }, norm)],
    ['on a sum', chain(image, conv, { type: 'add', from: ['target', 'target'] }, norm)],
    [
      'after conv2d whose channels are cut',
      chain(image, conv, { type: 'reshape', shape: [12, 5, 1] }, norm),
    ],
    [
      'after avgPool2d of channels that are cut',
      chain(
        image,
        conv,
        { type: 'reshape', shape: [2, 5, 6] },
        { type: 'avgPool2d', kernel: 2 },
        { type: 'reshape', shape: [4, 3, 1] },
        norm,
      ),
    ],
    [
      'after another batchNorm that has another user',
      chain(image, conv, { type: 'batchNorm', name: 'first' }, norm, {
        type: 'add',
        from: ['first', 'norm'],
      }),
    ],
    [
      "after a layer that is another of the network's outputs",
      { ...chain(image, conv, norm), outputs: { seen: 'target' } },
    ],
    [
      'after a layer that has another user',
      chain(image, conv, norm, { type: 'add', from: ['target', 'norm'] }),
    ],
    [
      'after a reshape that has another user',
      chain([5], dense, { type: 'reshape', shape: [4, 3, 2], name: 'r' }, norm, {
        type: 'concat',
        from: ['norm', 'r'],
      }),
    ],
    [
      "after a layer that is the network's output",
      { ...chain(image, conv, norm), output: 'target' },
    ],
  ])('%s', async (_, spec) => {
    expect(norms(await expectSameFunction(spec))).toEqual(['norm']);
  });
});
