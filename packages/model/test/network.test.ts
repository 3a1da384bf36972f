import { buildModel, encodeModel, input } from '@ganport/onnx';
import fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import {
  countParameters,
  lowerNetwork,
  ModelError,
  networkSchema,
  PRESETS,
  resolveNetwork,
} from '../src/index.ts';

describe('the published networks have the published numbers of parameters', () => {
  test.each([
    ['mlp', 293_136, 267_009],
    ['conv', 328_764, 3_265_409],
  ] as const)('%s', (preset, generator, discriminator) => {
    const { generator: g, discriminator: d } = PRESETS[preset];
    expect(countParameters(resolveNetwork(g, 'generator'))).toBe(generator);
    expect(countParameters(resolveNetwork(d, 'discriminator'))).toBe(discriminator);
  });
});

test.each(Object.keys(PRESETS) as (keyof typeof PRESETS)[])(
  '%s: z to pictures to one logit',
  (preset) => {
    const generator = resolveNetwork(PRESETS[preset].generator, 'generator');
    const discriminator = resolveNetwork(PRESETS[preset].discriminator, 'discriminator');
    expect(generator.outputShape).toEqual([1, 28, 28]);
    expect(discriminator.inputs.image).toEqual([1, 28, 28]);
    expect(discriminator.outputShape).toEqual([1]);
  },
);

test('parameters are named and laid out as in PyTorch', () => {
  const { parameters } = resolveNetwork(PRESETS.conv.generator, 'generator');
  const shapes = Object.fromEntries(parameters.map(({ name, shape }) => [name, shape]));
  expect(shapes).toMatchObject({
    '0.weight': [3136, 100],
    '2.running_var': [1],
    '4.weight': [50, 1, 3, 3],
    '4.bias': [50],
  });
});

const image = { x: [2, 6, 6] };

describe('a network that does not fit is refused, naming layer, expected and got', () => {
  test.each<[string, object, string]>([
    ['no layers', { inputs: image, layers: [] }, 'net is not valid: layers: '],
    ['no inputs', { inputs: {}, layers: [{ type: 'relu' }] }, 'net: it has no inputs'],
    [
      'unknown key',
      { inputs: image, layers: [{ type: 'relu', slope: 1 }] },
      'layers.0: Unrecognized key: "slope"',
    ],
    [
      'unknown type',
      { inputs: image, layers: [{ type: 'lstm' }] },
      'net is not valid: layers.0.type: ',
    ],
    [
      'missing option',
      { inputs: image, layers: [{ type: 'dense' }] },
      'net is not valid: layers.0.units: ',
    ],
    [
      'dense on an image',
      { inputs: image, layers: [{ type: 'relu' }, { type: 'dense', units: 3 }] },
      'net, layer 1 "1" (dense): expected an input of shape [units]; a flatten layer makes one of an image, got [2,6,6]',
    ],
    [
      'conv2d on a vector',
      { inputs: { x: [4] }, layers: [{ type: 'conv2d', filters: 1, kernel: 3, name: 'first' }] },
      'net, layer 0 "first" (conv2d): expected an input of shape [channels, height, width]; a reshape layer makes one, got [4]',
    ],
    [
      'conv2d larger than its image',
      { inputs: image, layers: [{ type: 'conv2d', filters: 1, kernel: [3, 9] }] },
      'net, layer 0 "0" (conv2d): kernel 3×9 is larger than its input [2,6,6]',
    ],
    [
      'convTranspose2d that leaves nothing',
      { inputs: image, layers: [{ type: 'convTranspose2d', filters: 1, kernel: 2, pad: 9 }] },
      'net, layer 0 "0" (convTranspose2d): pad 9×9 leaves nothing of its input [2,6,6]',
    ],
    [
      'avgPool2d larger than its image',
      { inputs: image, layers: [{ type: 'avgPool2d', kernel: 7 }] },
      'net, layer 0 "0" (avgPool2d): window 7×7 is larger than its input [2,6,6]',
    ],
    [
      'reshape to another size',
      { inputs: image, layers: [{ type: 'reshape', shape: [70] }] },
      'net, layer 0 "0" (reshape): shape [70] has 70 elements, its input [2,6,6] has 72',
    ],
    [
      'upsample2d on a vector',
      { inputs: { x: [4] }, layers: [{ type: 'upsample2d' }] },
      'net, layer 0 "0" (upsample2d): expected an input of shape [channels, height, width]',
    ],
    [
      'add of two shapes',
      {
        inputs: image,
        layers: [
          { type: 'conv2d', filters: 3, kernel: 1 },
          { type: 'add', from: ['x', '0'] },
        ],
      },
      'net, layer 1 "1" (add): cannot add [3,6,6] to [2,6,6]',
    ],
    [
      'concat of two sizes',
      {
        inputs: image,
        layers: [
          { type: 'avgPool2d', kernel: 2 },
          { type: 'concat', from: ['x', '0'] },
        ],
      },
      'net, layer 1 "1" (concat): cannot join [2,3,3] to [2,6,6]',
    ],
    [
      'a taken name',
      { inputs: image, layers: [{ type: 'relu', name: 'x' }] },
      'net, layer 0 "x" (relu): the name is taken',
    ],
    [
      'a later layer as source',
      { inputs: image, layers: [{ type: 'relu', from: '1' }, { type: 'relu' }] },
      'net, layer 0 "0" (relu): there is no earlier layer or input "1"',
    ],
    [
      'two sources for one input',
      { inputs: image, layers: [{ type: 'relu', from: ['x', 'x'] }] },
      'net, layer 0 "0" (relu): expected one input, got 2',
    ],
    [
      'no such output',
      { inputs: image, layers: [{ type: 'relu' }], output: 'y' },
      'net: there is no layer "y" to be the output',
    ],
  ])('%s', (_, spec, message) => {
    expect(() => resolveNetwork(spec, 'net')).toThrow(ModelError);
    expect(() => resolveNetwork(spec, 'net')).toThrow(message);
  });

  test('whatever JSON it is, with a ModelError', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (inputs, layers) => {
        try {
          resolveNetwork({ inputs, layers }, 'net');
        } catch (error) {
          expect(error).toBeInstanceOf(ModelError);
          expect((error as Error).message).not.toContain('\n');
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test('mutated presets too', () => {
    const values = fc.oneof(
      fc.constantFrom(0, -1, 1e9, 0.5, null, 'x', [], [1, 2, 3]),
      fc.integer(),
    );
    fc.assert(
      fc.property(
        fc.nat(20),
        fc.constantFrom('type', 'units', 'kernel', 'shape', 'from', 'pad'),
        values,
        (at, key, value) => {
          const spec = structuredClone(PRESETS.conv.generator) as {
            layers: Record<string, unknown>[];
          };
          spec.layers[at % spec.layers.length]![key] = value;
          try {
            resolveNetwork(spec, 'net');
          } catch (error) {
            expect(error).toBeInstanceOf(ModelError);
          }
        },
      ),
      { seed: 2, numRuns: 500 },
    );
  });
});

test('every default is written out', () => {
  const spec = {
    inputs: image,
    layers: [
      { type: 'batchNorm' },
      { type: 'leakyRelu' },
      { type: 'conv2d', filters: 1, kernel: 3 },
    ],
  };
  expect(networkSchema.parse(spec).layers).toEqual([
    { type: 'batchNorm', epsilon: 1e-5, momentum: 0.1 },
    { type: 'leakyRelu', slope: 0.01 },
    {
      type: 'conv2d',
      filters: 1,
      kernel: [3, 3],
      stride: [1, 1],
      pad: [0, 0],
      bias: true,
      init: 'uniform',
    },
  ]);
});

test('a graph of layers: a residual, a join, nearest-neighbour scaling', async () => {
  const network = resolveNetwork(
    {
      inputs: { x: [1, 2, 2] },
      layers: [
        { type: 'leakyRelu', slope: 0.5, name: 'bent' },
        { type: 'add', from: ['x', 'bent'], name: 'sum' },
        { type: 'concat', from: ['sum', 'x'] },
        { type: 'upsample2d' },
        { type: 'avgPool2d', kernel: [2, 4] },
      ],
    },
    'net',
  );
  expect(network.outputShape).toEqual([2, 2, 1]);
  const x = input('x', 'float32', ['N', 1, 2, 2]);
  const { output } = lowerNetwork(network, { x }, {}, false);
  const session = await ort.InferenceSession.create(
    encodeModel(buildModel({ name: 'net', inputs: [x], outputs: { output } })),
  );
  const { output: got } = await session.run({
    x: new ort.Tensor('float32', [1, -2, 3, 4], [1, 1, 2, 2]),
  });
  await session.release();
  // x + leaky(x) is 2, −3, 6, 8; pooling twice-as-large rows whole leaves their means.
  expect([...(got!.data as Float32Array)]).toEqual([-0.5, 7, -0.5, 3.5]);
});
