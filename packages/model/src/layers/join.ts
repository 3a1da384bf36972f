import { ops as op } from '@ganport/onnx';
import { LayerError, layer } from './contract.ts';

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
