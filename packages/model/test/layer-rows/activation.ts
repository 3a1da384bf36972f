/** Layers that work element by element. */
import type { LayerType } from '../../src/layers/index.ts';
import { at, map, tabulate } from '../arrays.ts';
import { image, type Row } from './row.ts';

export const ACTIVATION = {
  relu: {
    reference: ([x]) => map(x!, (value) => Math.max(value, 0)),
    cases: { 'of an image': { of: [image], shape: image } },
    refuses: [
      {
        of: [{ classes: 3 }],
        saying: 'expected a tensor, got a label of 3 classes; an embedding layer makes one of it',
      },
      { of: [[3], [3]], saying: 'expected one input, got 2' },
    ],
  },
  leakyRelu: {
    reference: ([x], { options }) =>
      map(x!, (value) => (value < 0 ? options.slope * value : value)),
    cases: {
      'of an image': { of: [image], with: { slope: 0.3 }, shape: image },
      'default slope': { of: [image], shape: image },
    },
  },
  prelu: {
    reference: ([x], { weight }) =>
      tabulate(x!.shape, (index) => {
        const value = at(x!, ...index);
        return value < 0 ? at(weight('weight'), index[1]!) * value : value;
      }),
    cases: {
      'of an image': { of: [image], shape: image },
      'of a vector': { of: [[5]], shape: [5] },
    },
  },
  selu: {
    reference: ([x]) =>
      map(x!, (value) => {
        const below = 1.6732632423543772 * Math.expm1(value);
        return 1.0507009873554805 * (value > 0 ? value : below);
      }),
    cases: { 'of an image': { of: [image], shape: image } },
  },
  tanh: {
    reference: ([x]) => map(x!, Math.tanh),
    cases: { 'of an image': { of: [image], shape: image } },
  },
  sigmoid: {
    reference: ([x]) => map(x!, (value) => 1 / (1 + Math.exp(-value))),
    cases: { 'of an image': { of: [image], shape: image } },
  },

  dropout: {
    reference: ([x], { options: { rate }, training, random }) => {
      if (!training) return x!;
      const mask = random('mask', x!.shape, 'uniform');
      return tabulate(x!.shape, (index) =>
        at(mask, ...index) > rate ? at(x!, ...index) / (1 - rate) : 0,
      );
    },
    cases: {
      'half by default': { of: [image], shape: image },
      'few of a vector': { of: [[9]], with: { rate: 0.2 }, shape: [9] },
    },
    refuses: [{ of: [[5], [5]], saying: 'expected one input, got 2' }],
  },
} satisfies Partial<Record<LayerType, Row>>;
