import { buildModel, encodeModel, gradients, input, ops as op, type Value } from '@ganport/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { lowerNetwork } from '../src/lower-network.ts';
import { type Network, type NetworkSpec, resolveNetwork } from '../src/network.ts';
import type { Batch } from './arrays.ts';
import { randomInputs, randomNumbers, randomWeights } from './reference-network.ts';

type LayerSpec = NetworkSpec['layers'][number];

const CASES: Record<string, [x: number[], layer: LayerSpec]> = {
  layerNorm: [[2, 3, 2], { type: 'layerNorm', epsilon: 0.1 }],
  instanceNorm: [[2, 3, 2], { type: 'instanceNorm', epsilon: 0.1 }],
  groupNorm: [[4, 2, 2], { type: 'groupNorm', groups: 2, epsilon: 0.1 }],
  pixelNorm: [[3, 2, 2], { type: 'pixelNorm', epsilon: 0.1 }],
  minibatchStd: [[2, 2, 2], { type: 'minibatchStd', group: 3 }],
  prelu: [[3, 2, 2], { type: 'prelu' }],
  selu: [[6], { type: 'selu' }],
  pixelShuffle: [[8, 1, 2], { type: 'pixelShuffle' }],
  'bilinear upsampling': [[2, 2, 3], { type: 'upsample2d', mode: 'bilinear' }],
  globalSumPool2d: [[3, 2, 2], { type: 'globalSumPool2d' }],
  globalMaxPool2d: [[3, 2, 2], { type: 'globalMaxPool2d' }],
  'conv2d in groups': [[4, 3, 3], { type: 'conv2d', filters: 4, kernel: 2, groups: 2 }],
  'convTranspose2d in groups': [
    [4, 2, 2],
    { type: 'convTranspose2d', filters: 2, kernel: 3, stride: 2, groups: 2, outputPadding: 1 },
  ],
  'dense of spectral norm 1': [[4], { type: 'dense', units: 3, spectralNorm: true }],
};

/** The squared slope of the layer, bent by a tanh: a penalty such as R1, as a value of x and the weights. */
function penaltyOf(network: Network, values: Readonly<Record<string, Value>>): Value {
  const { output } = lowerNetwork(network, { x: values.x! }, values, { training: true }).outputs;
  const y = op.ReduceSum(op.Mul(output, values.weighting!));
  const [slope] = gradients(y, [values.x!]);
  return op.ReduceSum(op.Mul(slope!, slope!));
}

/*
 * Central differences of float32 numbers: with a step of 3e-3 along a direction, rounding and curvature leave
 * about 1e-3 of a penalty's slope.
 */
test.each(Object.entries(CASES))(
  'the gradient of a penalty through %s agrees with finite differences',
  async (_, [x, layer]) => {
    const network = resolveNetwork({ inputs: { x }, layers: [layer, { type: 'tanh' }] }, 'net');
    const numbers: Record<string, Batch> = {
      ...randomWeights(network),
      ...randomInputs(network, 3),
      weighting: randomNumbers('weighting', [3, ...network.outputShape], 'normal'),
    };
    const values = Object.fromEntries(
      Object.entries(numbers).map(([name, { shape }]) => [name, input(name, 'float32', shape)]),
    );
    // σ's u and v are constants in its gradient, so weights are left out where they divide by it.
    const isSpectral = 'spectralNorm' in layer && layer.spectralNorm;
    const trained = network.parameters.flatMap((p) => (p.trained && !isSpectral ? [p.name] : []));
    const penalty = penaltyOf(network, values);
    const wrt = ['x', ...trained];
    const found = gradients(
      penalty,
      wrt.map((name) => values[name]!),
    );
    const outputs = Object.fromEntries(found.map((g, i) => [`gradient.${wrt[i]}`, g] as const));
    const model = buildModel({
      name: 'penalty',
      inputs: Object.values(values),
      outputs: { penalty, ...outputs },
    });
    const session = await InferenceSession.create(encodeModel(model));
    try {
      const run = (moved: Record<string, Batch> = {}) =>
        session.run(
          Object.fromEntries(
            Object.entries({ ...numbers, ...moved }).map(([name, { shape, data }]) => [
              name,
              new Tensor('float32', Float32Array.from(data), shape),
            ]),
          ),
        );
      const got = await run();
      const slopes: number[] = [];
      for (const name of wrt) {
        const { shape, data } = numbers[name]!;
        const direction = randomNumbers(`direction of ${name}`, shape, 'normal');
        const ends: number[] = [];
        for (const step of [0.003, -0.003]) {
          const along = Array.from(data, (value, i) => value + step * direction.data[i]!);
          ends.push(Number((await run({ [name]: { shape, data: along } })).penalty!.data[0]));
        }
        const numeric = (ends[0]! - ends[1]!) / 0.006;
        const gradient = got[`gradient.${name}`]!.data as Float32Array;
        const slope = gradient.reduce((sum, value, i) => sum + value * direction.data[i]!, 0);
        slopes.push(numeric);
        const scale = Math.max(1, Math.abs(numeric), Number(got.penalty!.data[0]));
        expect(Math.abs(slope - numeric) / scale, name).toBeLessThan(0.01);
      }
      // Zeros would agree with zeros.
      expect(Math.max(...slopes.map(Math.abs))).toBeGreaterThan(0.01);
    } finally {
      await session.release();
    }
  },
);
