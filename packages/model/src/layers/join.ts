import { ops as op } from '@ganport/onnx';
import { LayerError, layer, type Size } from './contract.ts';
import { expectRank } from './options.ts';

export const add = layer(
  'add',
  {},
  {
    inputs: 'many',
    shape: (_, inputs) => {
      const odd = inputs.find((x) => String(x) !== String(inputs[0]));
      if (odd) throw new LayerError(`cannot add [${odd}] to [${inputs[0]}]`);
      return inputs[0]!;
    },
    lower: (_, inputs) => inputs.reduce((sum, x) => op.Add(sum, x)),
  },
);

/** The sum of the products of two vectors' numbers: how far a projection discriminator's image fits its class. */
export const dot = layer(
  'dot',
  {},
  {
    inputs: 'many',
    shape: (_, inputs) => {
      if (inputs.length !== 2) throw new LayerError(`expected two inputs, got ${inputs.length}`);
      const [a, b] = inputs as [Size, Size];
      expectRank(a, 1, '[units]; a flatten layer makes one of an image');
      if (String(a) !== String(b)) throw new LayerError(`cannot multiply [${a}] by [${b}]`);
      return [1];
    },
    lower: (_, [a, b]) => op.ReduceSum(op.Mul(a!, b!), { axes: [1], keepdims: true }),
  },
);

/** Joins along the channels. */
export const concat = layer(
  'concat',
  {},
  {
    inputs: 'many',
    shape: (_, inputs) => {
      const odd = inputs.find((x) => String(x.slice(1)) !== String(inputs[0]!.slice(1)));
      if (odd) throw new LayerError(`cannot join [${odd}] to [${inputs[0]}]`);
      return [inputs.reduce((sum, x) => sum + x[0]!, 0), ...inputs[0]!.slice(1)];
    },
    lower: (_, inputs) => op.Concat(inputs, 1),
  },
);
