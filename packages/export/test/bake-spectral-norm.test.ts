import {
  inferenceGraph,
  initialWeights,
  type Network,
  type NetworkSpec,
  resolveNetwork,
} from '@ganport/model';
import { buildModel, constant, encodeModel, float32 } from '@ganport/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { bakeSpectralNorm } from '../src/passes/bake-spectral-norm.ts';
import { foldBatchNorm } from '../src/passes/fold-batch-norm.ts';
import type { WeightArrays } from '../src/passes/weighted-network.ts';

const SPEC: NetworkSpec = {
  inputs: { z: [5] },
  layers: [
    { type: 'dense', units: 24, spectralNorm: true },
    { type: 'reshape', shape: [6, 2, 2] },
    {
      type: 'convTranspose2d',
      filters: 4,
      kernel: [3, 2],
      stride: 2,
      groups: 2,
      spectralNorm: true,
      name: 'up',
    },
    { type: 'batchNorm' },
    { type: 'conv2d', filters: 1, kernel: 2, spectralNorm: true, bias: false },
    { type: 'dense', units: 3, from: 'z', name: 'unused' },
  ],
  output: '4',
  outputs: { other: 'unused' },
};

/** What the network draws of three latents, with its graph's operators. */
async function draw(network: Network, weights: WeightArrays) {
  const constants = network.parameters.map(({ name, shape }) => {
    return [name, constant(float32(weights[name]!, shape))] as const;
  });
  const { inputs, image } = inferenceGraph(network, Object.fromEntries(constants));
  const model = buildModel({ name: 'net', inputs, outputs: { image } });
  const session = await InferenceSession.create(encodeModel(model));
  try {
    const z = Float32Array.from({ length: 15 }, (_, i) => Math.sin(3 * i + 1));
    const { image } = await session.run({ z: new Tensor('float32', z, [3, 5]) });
    return { image: [...(image!.data as Float32Array)], operators: model.graph!.node };
  } finally {
    await session.release();
  }
}

test('weights divided by their spectral norms draw the same, without what divides them', async () => {
  const network = resolveNetwork(SPEC, 'net');
  const initial = Object.entries(initialWeights(network.parameters, 3, 'generator'));
  const weights = Object.fromEntries(
    initial.map(([name, data]) => [name.replace('generator.', ''), data]),
  );
  const before = structuredClone(weights);
  const baked = bakeSpectralNorm({ network, weights });
  expect(weights).toEqual(before);
  expect(Object.keys(baked.weights).filter((name) => name.endsWith('weight_u'))).toEqual([]);
  expect(Object.keys(baked.network.outputs)).toEqual(['output', 'other']);
  const [expected, got] = [await draw(network, weights), await draw(baked.network, baked.weights)];
  expect(Math.max(...expected.image.map(Math.abs))).toBeGreaterThan(0.1);
  for (const [i, value] of expected.image.entries()) {
    expect(Math.abs(got.image[i]! - value)).toBeLessThan(1e-5);
  }
  const folded = foldBatchNorm(baked);
  const { operators } = await draw(folded.network, folded.weights);
  expect(operators.map(({ opType }) => opType)).toEqual([
    'Gemm',
    'Reshape',
    'ConvTranspose',
    'Conv',
  ]);
});
