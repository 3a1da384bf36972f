import { describe, expect, test } from 'vitest';
import {
  countParameters,
  type NetworkSpec,
  networkSchema,
  resolveNetwork,
} from '../src/network.ts';
import { PRESETS } from '../src/presets.ts';

type LayerSpec = NetworkSpec['layers'][number];

/** The network of these layers over one input. */
function chain(input: number[], ...layers: LayerSpec[]): NetworkSpec {
  return { inputs: { x: input }, layers };
}

/** Shapes of all layers, by name. */
function shapes(spec: NetworkSpec): Record<string, readonly number[]> {
  const { layers } = resolveNetwork(spec, 'net');
  return Object.fromEntries(layers.map(({ name, shape }) => [name, shape]));
}

describe('presets', () => {
  test.each([
    ['mlp', 293_136, 267_009],
    ['conv', 328_764, 3_265_409],
  ] as const)('%s has %i and %i trained weights', (preset, generator, discriminator) => {
    const gan = PRESETS[preset];
    expect(countParameters(resolveNetwork(gan.generator, 'generator'))).toBe(generator);
    expect(countParameters(resolveNetwork(gan.discriminator, 'discriminator'))).toBe(discriminator);
  });

  test.each(Object.keys(PRESETS) as (keyof typeof PRESETS)[])(
    '%s turns a latent into an image of 28 × 28, and that into a logit',
    (preset) => {
      const { generator, discriminator } = PRESETS[preset];
      const { inputs, outputShape } = resolveNetwork(generator, 'generator');
      expect(Object.keys(inputs)).toEqual(['z']);
      expect(outputShape).toEqual([1, 28, 28]);
      const judge = resolveNetwork(discriminator, 'discriminator');
      expect(judge.inputs).toEqual({ image: [1, 28, 28] });
      expect(judge.outputShape).toEqual([1]);
    },
  );

  test('the conv generator draws at 56 × 56 and halves that', () => {
    const { layers } = resolveNetwork(PRESETS.conv.generator, 'generator');
    expect(layers.filter(({ parameters }) => parameters.length > 0).map((l) => l.shape)).toEqual([
      [3136],
      [1, 56, 56],
      [50, 56, 56],
      [50, 56, 56],
      [25, 56, 56],
      [25, 56, 56],
      [1, 28, 28],
    ]);
  });
});

describe('shapes and parameters', () => {
  const image = [3, 8, 6];
  test.each<[string, number[], LayerSpec, number[]]>([
    ['dense', [5], { type: 'dense', units: 7 }, [7]],
    ['conv2d', image, { type: 'conv2d', filters: 4, kernel: [3, 2], stride: [2, 1] }, [4, 3, 5]],
    ['conv2d, padded', image, { type: 'conv2d', filters: 4, kernel: 5, pad: 2 }, [4, 8, 6]],
    // PyTorch's formula: (n − 1) · stride − 2 · pad + kernel.
    [
      'convTranspose2d',
      image,
      { type: 'convTranspose2d', filters: 2, kernel: 4, stride: 2, pad: 1 },
      [2, 16, 12],
    ],
    ['avgPool2d, a rest', image, { type: 'avgPool2d', kernel: 3 }, [3, 2, 2]],
    ['avgPool2d, overlapping', image, { type: 'avgPool2d', kernel: 2, stride: 1 }, [3, 7, 5]],
    ['upsample2d', image, { type: 'upsample2d', scale: 3 }, [3, 24, 18]],
    ['reshape', image, { type: 'reshape', shape: [12, 12] }, [12, 12]],
    ['flatten', image, { type: 'flatten' }, [144]],
    ['batchNorm', image, { type: 'batchNorm' }, image],
    ['tanh', image, { type: 'tanh' }, image],
  ])('%s', (_, input, layer, output) => {
    expect(resolveNetwork(chain(input, layer), 'net').outputShape).toEqual(output);
  });

  test('parameters are named and laid out as in a PyTorch state_dict', () => {
    const { parameters } = resolveNetwork(
      chain(
        [6],
        { type: 'dense', units: 12, name: 'fc' },
        { type: 'reshape', shape: [3, 2, 2] },
        { type: 'conv2d', filters: 5, kernel: [3, 2], pad: 1 },
        { type: 'convTranspose2d', filters: 4, kernel: 2, bias: false, name: 'up' },
        { type: 'batchNorm', name: 'bn' },
      ),
      'net',
    );
    expect(Object.fromEntries(parameters.map(({ name, shape }) => [name, shape]))).toEqual({
      'fc.weight': [12, 6],
      'fc.bias': [12],
      '2.weight': [5, 3, 3, 2],
      '2.bias': [5],
      'up.weight': [5, 4, 2, 2],
      'bn.weight': [4],
      'bn.bias': [4],
      'bn.running_mean': [4],
      'bn.running_var': [4],
    });
    expect(parameters.filter(({ trained }) => !trained).map(({ name }) => name)).toEqual([
      'bn.running_mean',
      'bn.running_var',
    ]);
  });

  // PyTorch's default bound is 1/√fan_in, of a transposed convolution with its outputs for inputs.
  test.each<[string, number[], LayerSpec, number]>([
    ['dense', [25], { type: 'dense', units: 2 }, 1 / 5],
    ['conv2d', [4, 9, 9], { type: 'conv2d', filters: 2, kernel: 3 }, 1 / 6],
    ['convTranspose2d', [3, 9, 9], { type: 'convTranspose2d', filters: 4, kernel: 3 }, 1 / 6],
  ])('%s starts uniform within 1/√fan_in', (_, input, layer, bound) => {
    const { parameters } = resolveNetwork(chain(input, layer), 'net');
    expect(parameters).toHaveLength(2);
    for (const { init } of parameters) {
      expect(init.type === 'uniform' && init.bound).toBeCloseTo(bound, 12);
    }
  });

  test('"normal" is N(0, 0.02²) with a bias of 0', () => {
    const spec = chain([25], { type: 'dense', units: 2, init: 'normal' });
    expect(resolveNetwork(spec, 'net').parameters.map(({ init }) => init)).toEqual([
      { type: 'normal', deviation: 0.02 },
      { type: 'constant', value: 0 },
    ]);
  });
});

describe('graphs', () => {
  test('a layer takes the one before it unless it says otherwise', () => {
    const spec: NetworkSpec = {
      inputs: { x: [2, 4, 4] },
      layers: [
        { type: 'conv2d', filters: 3, kernel: 1, name: 'a' },
        { type: 'relu', name: 'b' },
        { type: 'add', from: ['a', 'b'], name: 'sum' },
        { type: 'concat', from: ['sum', 'x', 'sum'], name: 'joined' },
        { type: 'flatten', from: 'b', name: 'side' },
      ],
      output: 'joined',
    };
    expect(shapes(spec)).toMatchObject({ sum: [3, 4, 4], joined: [8, 4, 4], side: [48] });
    const { layers, outputs } = resolveNetwork(spec, 'net');
    expect(layers.map(({ from }) => from)).toEqual([
      ['x'],
      ['a'],
      ['a', 'b'],
      ['sum', 'x', 'sum'],
      ['b'],
    ]);
    expect(outputs).toEqual({ output: { layer: 'joined', shape: [8, 4, 4] } });
  });
});

test.each(Object.entries(PRESETS))('%s resolves to itself again, through JSON', (_, gan) => {
  for (const spec of Object.values(gan)) {
    const parsed = networkSchema.parse(spec);
    const written = JSON.parse(JSON.stringify(parsed));
    expect(networkSchema.parse(written)).toEqual(parsed);
    expect(resolveNetwork(written, 'net')).toEqual(resolveNetwork(spec, 'net'));
  }
});
