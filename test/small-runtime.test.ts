/** The small runtime of @ganport/sample: every layer beside plain arithmetic, every preset beside onnxruntime. */
import { describe, expect, test } from 'vitest';
import { buildGenerator } from '../packages/export/src/generator.ts';
import { bake } from '../packages/export/src/passes/bake.ts';
import { bakeSpectralNorm } from '../packages/export/src/passes/bake-spectral-norm.ts';
import { foldBatchNorm } from '../packages/export/src/passes/fold-batch-norm.ts';
import {
  latentBatch,
  type Network,
  type NetworkSpec,
  PRESETS,
  type PresetName,
  resolveNetwork,
} from '../packages/model/src/index.ts';
import { ROWS } from '../packages/model/test/layer-rows.ts';
import { forward, randomInputs, randomWeights } from '../packages/model/test/reference-network.ts';
import { expectClose } from '../packages/model/test/run-network.ts';
import { buildModel, encodeModel } from '../packages/onnx/src/index.ts';
import { openProgram } from '../packages/runtime/src/node.ts';
import { openGraph } from '../packages/sample/src/small/run.ts';

type Arrays = Record<string, Float32Array>;

describe.each(Object.entries(ROWS))('%s', (type, { cases }) => {
  test.each(Object.entries(cases))('%s', (_, { of, with: options }) => {
    const inputs = Object.fromEntries(of.map((input, i) => [`x${i}`, input]));
    const layers = [{ type, ...options, from: Object.keys(inputs) }];
    const network = resolveNetwork({ inputs, layers }, 'net');
    const weights = randomWeights(network);
    const feeds = randomInputs(network, 2);
    const arrays = Object.fromEntries(
      Object.entries(weights).map(([name, { data }]) => [name, Float32Array.from(data)]),
    );
    const { inputs: ports, image } = bake(bakeSpectralNorm({ network, weights: arrays }));
    const model = encodeModel(buildModel({ name: 'layer', inputs: ports, outputs: { image } }));
    const tensors = Object.entries(feeds).map(([name, { shape, data }]) => {
      return [name, { shape: [...shape], data: Float32Array.from(data) }] as const;
    });
    const { shape, data } = openGraph(model).run(Object.fromEntries(tensors));
    const { outputs } = forward(network, feeds, weights, false);
    expectClose({ dims: shape, data } as never, outputs.output!);
  });
});

/** Weights that keep what passes through them about as large as it was: pictures have all levels. */
function lively({ parameters, ...network }: Network): Arrays {
  const random = randomWeights({ parameters, ...network });
  const weights = parameters.map(({ name, shape }) => {
    const { data } = random[name]!;
    const scale = shape.length > 1 ? Math.sqrt((3 * shape[0]!) / data.length) : 1;
    return [name, Float32Array.from(data, (w) => w * scale)] as const;
  });
  return Object.fromEntries(weights);
}

/** A generator as it is exported, with weights of no training. */
function exported(spec: NetworkSpec, name: string): [Network, Uint8Array] {
  const network = resolveNetwork(spec, name);
  const graph = bake(foldBatchNorm(bakeSpectralNorm({ network, weights: lively(network) })));
  const options = { output: 'uint8', opset: 17, metadata: {}, producerVersion: '1' } as const;
  return [network, buildGenerator(graph, options)];
}

/** Draws two pictures with the small runtime and with onnxruntime: they are alike, and not flat. */
async function expectAlike([network, model]: [Network, Uint8Array]): Promise<readonly number[]> {
  const latent = network.inputs.z![0]!;
  const z = latentBatch(42, 0, 2, latent);
  const classes = network.labels.label !== undefined;
  const small = openGraph(model).run({
    z: { shape: [2, latent], data: z },
    ...(classes && { label: { shape: [2], data: Float64Array.of(3, 9) } }),
  });
  const program = await openProgram(model, { device: 'cpu' });
  const { image } = await program.run({
    z: { dtype: 'float32', shape: [2, latent], data: z },
    ...(classes && {
      label: { dtype: 'int64', shape: [2], data: BigInt64Array.of(3n, 9n) } as const,
    }),
  });
  await program.close();
  const off = Array.from(small.data, (level, i) => Math.abs(level - Number(image!.data[i])));
  expect(Math.max(...off)).toBeLessThanOrEqual(1);
  // Flat pictures would agree with anything.
  expect(new Set(small.data).size).toBeGreaterThan(10);
  return small.shape;
}

describe.each([
  [28, 1],
  [32, 3],
])('of %i pixels and %i channels', (size, channels) => {
  const presets = Object.keys(PRESETS) as PresetName[];
  test.each(presets)('%s draws what onnxruntime draws', async (preset) => {
    const image = { height: size, width: size, channels, classes: [...'0123456789'] };
    const shape = await expectAlike(exported(PRESETS[preset](image).generator, preset));
    expect(shape).toEqual([2, size, size, channels]);
  });
});

test('an InfoGAN draws what onnxruntime draws', async () => {
  const codes = { digit: { categories: 10 }, slant: 'normal', width: 'normal' } as const;
  const layers: NetworkSpec['layers'] = [
    { type: 'dense', units: 144 },
    { type: 'tanh' },
    { type: 'reshape', shape: [1, 12, 12] },
  ];
  const generator = exported({ inputs: { z: [20] }, codes, layers }, 'infogan');
  expect(await expectAlike(generator)).toEqual([2, 12, 12, 1]);
});
