import { ops as op } from '@ganport/onnx';
import { layer } from './contract.ts';
import { expectImage } from './options.ts';

/** Each channel's mean over all its pixels (Lin et al. 2014), whatever their number: [channels]. */
export const globalAvgPool2d = layer(
  'globalAvgPool2d',
  {},
  {
    inputs: 'one',
    shape: (_, [x]) => {
      expectImage(x!);
      return [x![0]!];
    },
    lower: (_, [x]) => op.mean(x!, { axes: [2, 3] }),
  },
);
