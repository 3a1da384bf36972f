import { describe, expect, test } from 'vitest';
import { ModelError } from '../src/error.ts';
import {
  countParameters,
  inputSpec,
  type NetworkSpec,
  networkSchema,
  resolveNetwork,
} from '../src/network.ts';
import { PRESETS, type PresetName } from '../src/presets/index.ts';

const GREY_28 = { channels: 1, height: 28, width: 28 };
const colour = (size: number) => ({ channels: 3, height: size, width: size });

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
    const gan = PRESETS[preset](GREY_28);
    expect(countParameters(resolveNetwork(gan.generator, 'generator'))).toBe(generator);
    expect(countParameters(resolveNetwork(gan.discriminator, 'discriminator'))).toBe(discriminator);
  });

  const sizes = [GREY_28, ...[32, 64, 48].map(colour), { channels: 1, height: 32, width: 20 }];
  const each = Object.keys(PRESETS).flatMap((preset) =>
    sizes.map((image) => [preset as PresetName, image] as const),
  );
  test.each(each)(
    '%s turns a latent into an image of %o, and that into a logit',
    (preset, image) => {
      const { generator, discriminator } = PRESETS[preset]({ ...image, classes: ['a', 'b', 'c'] });
      const shape = [image.channels, image.height, image.width];
      const { inputs, outputShape } = resolveNetwork(generator, 'generator');
      expect(Object.keys(inputs)).toEqual(['z']);
      expect(outputShape).toEqual(shape);
      const judge = resolveNetwork(discriminator, 'discriminator');
      expect(judge.inputs).toEqual({ image: shape });
      expect(judge.outputShape).toEqual([1]);
    },
  );

  test('a preset of classes asks for data with labels', () => {
    expect(() => PRESETS.cdcgan(GREY_28)).toThrow(
      new ModelError('preset cdcgan: expected data with labels; dcgan is the same without classes'),
    );
    expect(() => PRESETS.projection(GREY_28)).toThrow(
      'preset projection: expected data with labels',
    );
    const { generator } = PRESETS.cdcgan({ ...GREY_28, classes: ['a', 'b'] });
    expect(resolveNetwork(generator, 'generator').labels).toEqual({ label: 2 });
  });

  test.each([
    [
      'quick',
      30,
      'preset quick: expected images of a height and width in multiples of 4, got 30×30; resize them, or give networks of your own',
    ],
    ['dcgan', 12, 'preset dcgan: expected images of at least 16×16, got 12×12'],
    ['r3gan', 8, 'preset r3gan: expected images of at least 16×16, got 8×8'],
  ] as const)('%s is refused for %i pixels', (preset, size, message) => {
    expect(() => PRESETS[preset](colour(size))).toThrow(new ModelError(message));
  });

  test('the conv generator draws at 56 × 56 and halves that', () => {
    const { layers } = resolveNetwork(PRESETS.conv(GREY_28).generator, 'generator');
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

describe('parameters', () => {
  test('are named and laid out as in a PyTorch state_dict', () => {
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

  const conditional = (inputs: NetworkSpec['inputs']) =>
    resolveNetwork(
      {
        inputs,
        layers: [
          { type: 'embedding', units: 2, from: 'label' },
          { type: 'concat', from: ['z', '0'] },
          { type: 'batchNorm' },
        ],
        outputs: { class: '0', z: 'z' },
      },
      'net',
    );

  test('inputs are tensors or labels, and further outputs have names', () => {
    const network = conditional({ z: [3], label: { classes: 10 } });
    const { inputs, labels, outputs, outputShape, parameters } = network;
    expect({ inputs, labels }).toEqual({ inputs: { z: [3] }, labels: { label: 10 } });
    expect(outputs).toEqual({
      output: { layer: '2', shape: [5] },
      class: { layer: '0', shape: [2] },
      z: { layer: 'z', shape: [3] },
    });
    expect(outputShape).toEqual([5]);
    // As nn.Embedding(10, 2).
    expect(parameters[0]).toEqual({
      name: '0.weight',
      shape: [10, 2],
      init: { type: 'normal', deviation: 1 },
      trained: true,
    });
    expect(inputSpec(network)).toEqual({ z: [3], label: { classes: 10 } });
  });

  test('the order of the inputs changes nothing', () => {
    const label = { classes: 4 };
    expect(conditional({ z: [3], label })).toEqual(conditional({ label, z: [3] }));
  });

  test('only batch statistics mix a batch', () => {
    const mixes = (type: 'batchNorm' | 'tanh') =>
      resolveNetwork(chain([3], { type }), 'net').mixesBatch;
    expect([mixes('batchNorm'), mixes('tanh')]).toEqual([true, false]);
  });
});

test.each(Object.entries(PRESETS))('%s resolves to itself again, through JSON', (_, preset) => {
  const gan = preset({ ...GREY_28, classes: ['a', 'b'] });
  for (const spec of Object.values(gan)) {
    const parsed = networkSchema.parse(spec);
    const written = JSON.parse(JSON.stringify(parsed));
    expect(networkSchema.parse(written)).toEqual(parsed);
    expect(resolveNetwork(written, 'net')).toEqual(resolveNetwork(spec, 'net'));
  }
});

test.each([
  ['as PyTorch has it', { pad: 2, outputPadding: 1 }],
  ["as TensorFlow's same padding", { pad: [1, 1, 2, 2] }],
] as const)(
  "the generator of tfjs-examples' ACGAN, its images doubled by 5 × 5 kernels %s",
  (_, padding) => {
    const twice = { kernel: 5, stride: 2, ...structuredClone(padding) } as {
      kernel: number;
      stride: number;
      pad: number;
    };
    const spec = chain(
      [100],
      { type: 'dense', units: 3456 },
      { type: 'relu' },
      { type: 'reshape', shape: [384, 3, 3] },
      { type: 'convTranspose2d', filters: 192, kernel: 5, name: 'first' },
      { type: 'relu' },
      { type: 'batchNorm' },
      { type: 'convTranspose2d', filters: 96, ...twice, name: 'second' },
      { type: 'relu' },
      { type: 'batchNorm' },
      { type: 'convTranspose2d', filters: 1, ...twice, name: 'third' },
      { type: 'tanh', name: 'image' },
    );
    expect(shapes(spec)).toMatchObject({
      first: [192, 7, 7],
      second: [96, 14, 14],
      third: [1, 28, 28],
      image: [1, 28, 28],
    });
  },
);

test("the discriminator of PyTorch-GAN's DCGAN, with its dropout and its epsilon of 0.8", () => {
  const down = { kernel: 3, stride: 2, pad: 1 } as const;
  const spec = chain(
    [1, 28, 28],
    { type: 'conv2d', filters: 16, ...down },
    { type: 'leakyRelu', slope: 0.2 },
    { type: 'dropout', rate: 0.25 },
    { type: 'conv2d', filters: 32, ...down },
    { type: 'leakyRelu', slope: 0.2 },
    { type: 'dropout', rate: 0.25 },
    { type: 'batchNorm', epsilon: 0.8 },
    { type: 'flatten' },
    { type: 'dense', units: 1 },
  );
  expect(resolveNetwork(spec, 'net')).toMatchObject({ outputShape: [1], mixesBatch: true });
});
