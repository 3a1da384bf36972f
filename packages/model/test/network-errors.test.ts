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
  ['a network that is a list', [dense], 'net is not valid: Invalid input: expected object'],
  ['no inputs', { inputs: {}, layers: [dense] }, 'net: it has no inputs'],
  [
    'an input of size 0',
    net([dense], [0]),
    'inputs.x.0: Too small: expected number to be >0, got 0',
  ],
  ['no layers', net([]), 'layers: Too small: expected array to have >=1 items'],
  [
    '1,001 layers',
    net(Array(1001).fill({ type: 'relu' })),
    'layers: Too big: expected array to have',
  ],
  ['an unknown key of the network', { ...(net([dense]) as object), x: 1 }, 'Unrecognized key: "x"'],
  [
    'an unknown key of a layer',
    net([conv, { ...dense, unit: 1 }]),
    'layers.1: Unrecognized key: "unit"',
  ],
  [
    'an unknown type',
    net([{ type: 'swish' }]),
    /layers\.0\.type: .*Expected 'add' \| .*'dense' \| .*, got "swish"$/,
  ],
  ['no type', net([{ units: 3 }]), /layers\.0\.type: .*Expected 'add' \|/],
  ['no units', net([{ type: 'dense' }]), 'layers.0.units: Invalid input: expected number'],
  [
    'too many units',
    net([{ type: 'dense', units: 65_537 }]),
    'layers.0.units: Too big: expected number to be <=65536, got 65537',
  ],
  [
    'a text for a number',
    net([{ type: 'dense', units: '3' }]),
    'layers.0.units: Invalid input: expected number, received string, got "3"',
  ],
  [
    'a kernel of three',
    net([{ ...conv, kernel: [3, 3, 3] }]),
    'layers.0.kernel: expected a whole number from 1 to 65536, or two: [height, width]',
  ],
  ['a kernel in words', net([{ ...conv, kernel: 'big' }]), 'or two: [height, width], got "big"'],
  [
    'a kernel of 0',
    net([{ ...conv, kernel: 0 }]),
    'layers.0.kernel: Too small: expected number to be >=1, got 0',
  ],
  [
    'an initialiser',
    net([{ ...dense, init: 'zero' }]),
    'layers.0.init: Invalid option: expected one of "uniform"|"normal", got "zero"',
  ],
  [
    'a negative epsilon',
    net([{ type: 'batchNorm', epsilon: -1 }]),
    'layers.0.epsilon: Too small: expected number to be >0, got -1',
  ],
  [
    'a name with a space',
    net([{ ...conv, name: 'a b' }]),
    'layers.0.name: only letters, digits, _ and -, got "a b"',
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
    'two inputs for one',
    net([{ ...conv, from: ['x', 'x'] }]),
    'net, layer 0 "0" (conv2d): expected one input, got 2',
  ],
  [
    'an output that is not there',
    { ...(net([conv]) as object), output: 'y' },
    'net: there is no layer "y" to be the output',
  ],
  [
    'a dense layer on an image',
    net([conv, dense]),
    'net, layer 1 "1" (dense): expected an input of shape [units]; a flatten layer makes one of an image, got [3,2,2]',
  ],
  [
    'a convolution of a vector',
    net([conv], [5]),
    'net, layer 0 "0" (conv2d): expected an input of shape [channels, height, width]; a reshape layer makes one, got [5]',
  ],
  [
    'a kernel too large',
    net([{ ...conv, kernel: 7, pad: 1 }]),
    'net, layer 0 "0" (conv2d): kernel 7×7 is larger than its input [2,4,4]',
  ],
  [
    'a transposed convolution of a vector',
    net([{ ...conv, type: 'convTranspose2d' }], [5]),
    '(convTranspose2d): expected an input of shape [channels, height, width]; a reshape layer makes one, got [5]',
  ],
  [
    'a pad that leaves nothing',
    net([{ ...conv, type: 'convTranspose2d', pad: 3 }]),
    'net, layer 0 "0" (convTranspose2d): pad 3×3 leaves nothing of its input [2,4,4]',
  ],
  [
    'a window too large',
    net([{ type: 'avgPool2d', kernel: [4, 5] }]),
    'net, layer 0 "0" (avgPool2d): window 4×5 is larger than its input [2,4,4]',
  ],
  [
    'pooling a vector',
    net([{ type: 'avgPool2d', kernel: 2 }], [5]),
    '(avgPool2d): expected an input of shape [channels, height, width]',
  ],
  [
    'scaling a vector',
    net([{ type: 'upsample2d' }], [5]),
    '(upsample2d): expected an input of shape [channels, height, width]',
  ],
  [
    'a reshape',
    net([{ type: 'reshape', shape: [3, 5] }]),
    'net, layer 0 "0" (reshape): shape [3,5] has 15 elements, its input [2,4,4] has 32',
  ],
  [
    'a sum',
    net([conv, { type: 'add', from: ['x', '0'] }]),
    'net, layer 1 "1" (add): cannot add [3,2,2] to [2,4,4]',
  ],
  [
    'a concat',
    net([conv, { type: 'concat', from: ['x', '0'] }]),
    'net, layer 1 "1" (concat): cannot join [3,2,2] to [2,4,4]',
  ],
  [
    'a concat of a vector and an image',
    net([
      { type: 'flatten', name: 'v' },
      { type: 'concat', from: ['x', 'v'] },
    ]),
    '(concat): cannot join [32] to [2,4,4]',
  ],
  [
    'an image too large for memory',
    net(Array(5).fill({ type: 'upsample2d', scale: 16 })),
    'net, layer 3 "3" (upsample2d): its output would be [2,262144,262144]: expected at most 536870912 elements',
  ],
  [
    'a weight too large for a file',
    net([{ type: 'dense', units: 65_536 }], [65_536]),
    'net, layer 0 "0" (dense): 0.weight would be [65536,65536]: expected at most 536870912 elements',
  ],
])('refuses %s, naming the layer', (_, spec, message) => {
  expect(() => resolveNetwork(spec, 'net')).toThrow(ModelError);
  expect(() => resolveNetwork(spec, 'net')).toThrow(message);
});
