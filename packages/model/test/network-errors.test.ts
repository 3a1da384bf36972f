import { expect, test } from 'vitest';
import { ModelError } from '../src/error.ts';
import { resolveNetwork } from '../src/network.ts';

/** A network of these layers over one input [2, 4, 4], or another. */
function net(layers: unknown, input: unknown = [2, 4, 4]): unknown {
  return { inputs: { x: input }, layers };
}

const conv = { type: 'conv2d', filters: 3, kernel: 3 };
const dense = { type: 'dense', units: 3 };

test.each<[string, unknown, string | RegExp]>([
  ['a network that is a list', [dense], 'net is not valid: expected an object, got a list of 1'],
  ['no inputs', { inputs: {}, layers: [dense] }, 'net: it has no inputs'],
  [
    'an input of size 0',
    net([dense], [0]),
    'inputs.x.0: expected a whole number from 1 to 65536, got 0',
  ],
  [
    'an input that is neither a shape nor a label',
    net([dense], 5),
    'inputs.x: expected a shape of one to three sizes, or { "classes": number }, got 5',
  ],
  [
    'a label of one class',
    net([{ type: 'embedding', units: 3 }], { classes: 1 }),
    'inputs.x.classes: expected a whole number from 2 to 65536, got 1',
  ],
  [
    'a label of more than its classes',
    net([{ type: 'embedding', units: 3 }], { classes: 2, names: ['a', 'b'] }),
    'inputs.x takes no "names"; it takes classes',
  ],
  ['no layers', net([]), 'layers: expected a list of 1 to 1000 items, got a list of 0'],
  [
    '1,001 layers',
    net(Array(1001).fill({ type: 'relu' })),
    'layers: expected a list of 1 to 1000 items, got a list of 1001',
  ],
  [
    'an unknown key of the network',
    { ...(net([dense]) as object), x: 1 },
    'net is not valid: it takes no "x"; it takes inputs, layers, output, outputs',
  ],
  [
    'an unknown key of a layer',
    net([conv, { ...dense, unit: 1 }]),
    'layers.1 takes no "unit"; did you mean "units"?',
  ],
  [
    'an unknown type',
    net([{ type: 'noSuchLayer' }]),
    /layers\.0\.type: expected one of "add", .*"dense", .*, got "noSuchLayer"$/,
  ],
  [
    'no type',
    net([{ units: 3 }]),
    /layers\.0\.type is missing: expected one of "add", .*"upsample2d"$/,
  ],
  [
    'no units',
    net([{ type: 'dense' }]),
    'layers.0.units is missing: expected a whole number from 1 to 65536',
  ],
  [
    'too many units',
    net([{ type: 'dense', units: 65_537 }]),
    'layers.0.units: expected a whole number from 1 to 65536, got 65537',
  ],
  [
    'a text for a number',
    net([{ type: 'dense', units: '3' }]),
    'layers.0.units: expected a whole number from 1 to 65536, got "3"',
  ],
  [
    'a kernel of three',
    net([{ ...conv, kernel: [3, 3, 3] }]),
    'layers.0.kernel: expected a whole number from 1 to 65536, or two: [height, width], got a list of 3',
  ],
  ['a kernel in words', net([{ ...conv, kernel: 'big' }]), 'or two: [height, width], got "big"'],
  [
    'a kernel of 0',
    net([{ ...conv, kernel: 0 }]),
    'layers.0.kernel: expected a whole number from 1 to 65536, got 0',
  ],
  [
    'an initialiser',
    net([{ ...dense, init: 'zero' }]),
    'layers.0.init: expected one of "uniform", "normal", "he", "zeros", got "zero"',
  ],
  [
    'a negative epsilon',
    net([{ type: 'batchNorm', epsilon: -1 }]),
    'layers.0.epsilon: expected a number from 1e-12 to 1, got -1',
  ],
  [
    'a rate of 1',
    net([{ type: 'dropout', rate: 1 }]),
    'layers.0.rate: expected a number of at least 0 and below 1, got 1',
  ],
  [
    'a name with a space',
    net([{ ...conv, name: 'a b' }]),
    'layers.0.name: expected a name of letters, digits, _ and -, got "a b"',
  ],
  ['no network at all', undefined, 'net is not valid: it is missing: expected an object'],
  ['a layer that is a number', net([dense, 5]), 'layers.1: expected an object, got 5'],
  ['a layer that is null', net([null]), 'layers.0: expected an object, got null'],
  ['layers in words', net('dense'), 'layers: expected a list of 1 to 1000 items, got "dense"'],
  [
    'inputs in a list',
    { inputs: [4], layers: [dense] },
    'inputs: expected an object, got a list of 1',
  ],
  [
    'a bias in words',
    net([{ ...dense, bias: 'no' }]),
    'layers.0.bias: expected true or false, got "no"',
  ],
  [
    'an input that is a number',
    net([{ ...dense, from: 5 }]),
    'layers.0.from: expected a text, or a list of at least 1 item, got 5',
  ],
  [
    'no kernel',
    net([{ type: 'conv2d', filters: 2 }]),
    'layers.0.kernel is missing: expected a whole',
  ],
  [
    'an output of no name',
    { ...(net([conv]) as object), outputs: { 'a b': '0' } },
    'outputs.a b: expected a name of letters, digits, _ and -, got "a b"',
  ],
])('refuses %s', (_, spec, message) => {
  expect(() => resolveNetwork(spec, 'net')).toThrow(ModelError);
  expect(() => resolveNetwork(spec, 'net')).toThrow(message);
});

test.each<[string, unknown, string]>([
  ['a taken name', net([{ ...conv, name: 'x' }]), 'net, layer 0 "x" (conv2d): the name is taken'],
  [
    "another layer's number for a name",
    net([{ ...conv, name: '1' }, { type: 'relu' }]),
    'net, layer 1 "1" (relu): the name is taken',
  ],
  [
    'a layer that comes later',
    net([
      { ...conv, from: 'y' },
      { type: 'relu', name: 'y' },
    ]),
    'net, layer 0 "0" (conv2d): there is no earlier layer or input "y"',
  ],
  [
    'a layer as its own input',
    net([{ ...conv, from: 'a\nb' }]),
    'net, layer 0 "0" (conv2d): there is no earlier layer or input "a\\nb"',
  ],
  [
    'two inputs and a first layer that does not say which it takes',
    { inputs: { x: [4], y: [4] }, layers: [dense] },
    'net, layer 0 "0" (dense): "from" must say which of the inputs it takes: "x", "y"',
  ],
  [
    'an output that is not there',
    { ...(net([conv]) as object), output: 'y' },
    'net: there is no layer "y" to be the output',
  ],
  [
    'a further output that is not there',
    { ...(net([conv]) as object), outputs: { seen: 'y' } },
    'net: there is no layer "y" to be the output "seen"',
  ],
  [
    'another main output among the further ones',
    { ...(net([conv]) as object), outputs: { output: '0' } },
    'net: "output" names the main output, and none of "outputs"',
  ],
  [
    'a label for an output',
    {
      inputs: { x: { classes: 3 } },
      layers: [{ type: 'embedding', units: 2 }],
      outputs: { label: 'x' },
    },
    'net: the output "label" cannot be "x", which is a label',
  ],
])('refuses %s, naming the layer', (_, spec, message) => {
  expect(() => resolveNetwork(spec, 'net')).toThrow(ModelError);
  expect(() => resolveNetwork(spec, 'net')).toThrow(message);
});
