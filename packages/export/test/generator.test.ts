import { createHash } from 'node:crypto';
import {
  type Network,
  PRESETS,
  type PresetName,
  randomSequence,
  resolveNetwork,
  STREAM,
} from '@ganport/model';
import { decodeModel, sizeOf } from '@ganport/onnx';
import { describe, expect, test } from 'vitest';
import { buildGenerator, type ImageOutput } from '../src/generator.ts';
import { bake } from '../src/passes/bake.ts';
import { foldBatchNorm } from '../src/passes/fold-batch-norm.ts';
import type { WeightArrays } from '../src/passes/weighted-network.ts';

/** Random weights in 0.5…1.5: positive, as a variance is. */
function randomWeights({ parameters }: Network): WeightArrays {
  const weights = parameters.map(({ name, shape }, index) => {
    const { uniform } = randomSequence(1, STREAM.weights, index);
    return [name, Float32Array.from({ length: sizeOf(shape) }, () => 0.5 + uniform())] as const;
  });
  return Object.fromEntries(weights);
}

const OPTIONS = { opset: 17, metadata: { key: 'value' }, producerVersion: '1.2.3' };

/** Of what ganport 0.1.0 wrote: the same weights are to give the same bytes. */
const DIGESTS: [PresetName, ImageOutput, string][] = [
  ['mlp', 'uint8', '8a88ea078a59549c0fb19b9b627a98d5a8f4226fbf7d3a3a10ec822bd1b6979b'],
  ['mlp', 'float32', 'a1a9b22c6d522e29d5ae412c12844f2659a1bdc5dc55a3ccd43f9faffe56f4da'],
  ['conv', 'uint8', 'd4ea253900fb17b6d73bdddd595de6f0acb181323554a321d68654d64f582e84'],
  ['conv', 'float32', 'e6a77be6d47bf6efa125227728b275313ff925216b5e49b06c5032f63d86c1f2'],
  ['quick', 'uint8', '47ff5ab11301408a0ec1f3cf0e47ce306644fa4d8faa1a0afa86ccb648baa441'],
  ['quick', 'float32', 'f5e70bb089f633e0c63429c5200319c95917e524d79406a90db3fb56036cdbf6'],
];

test.each(DIGESTS)('%s as %s has the bytes it always had', (preset, output, expected) => {
  const network = resolveNetwork(
    PRESETS[preset]({ channels: 1, height: 28, width: 28 }).generator,
    'generator',
  );
  const graph = bake(foldBatchNorm({ network, weights: randomWeights(network) }));
  const model = buildGenerator(graph, { ...OPTIONS, output });
  expect(createHash('sha256').update(model).digest('hex')).toBe(expected);
});

describe('bake', () => {
  const network = resolveNetwork(
    {
      inputs: { z: [3], label: { classes: 4 } },
      layers: [
        { type: 'embedding', units: 2, from: 'label', name: 'class' },
        { type: 'concat', from: ['z', 'class'], name: 'joined' },
        { type: 'dense', units: 12 },
        { type: 'dropout' },
        { type: 'reshape', shape: [3, 2, 2], name: 'image' },
        { type: 'dense', units: 1, from: 'joined', name: 'aside' },
      ],
      output: 'image',
      outputs: { aside: 'aside' },
    },
    'net',
  );
  const graph = bake({ network, weights: randomWeights(network) });
  const { graph: written } = decodeModel(buildGenerator(graph, { ...OPTIONS, output: 'float32' }));

  test("leaves the network's inputs, and stores its weights under their names", () => {
    expect(written!.input.map(({ name }) => name)).toEqual(['z', 'label']);
    const names = written!.initializer.map(({ name }) => name!);
    expect(names.filter((name) => name.includes('.'))).toEqual([
      'class.weight',
      '2.weight',
      '2.bias',
    ]);
  });

  test('leaves the nodes that drawing needs', () => {
    expect(written!.output.map(({ name }) => name)).toEqual(['image']);
    expect(written!.node.map(({ opType }) => opType)).toEqual([
      'Cast',
      'Reshape',
      'Equal',
      'Cast',
      'MatMul',
      'Concat',
      'Gemm',
      'Reshape',
    ]);
  });
});
