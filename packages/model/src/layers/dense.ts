import { ops as op } from '@ganport/onnx';
import { layer } from './contract.ts';
import { appliedWeights, count, expectRank, weightAndBias, weighted } from './options.ts';

export const dense = layer(
  'dense',
  { units: count, ...weighted },
  {
    inputs: 'one',
    shape: ({ units }, [x]) => {
      expectRank(x!, 1, '[units]; a flatten layer makes one of an image');
      return [units];
    },
    parameters: ({ units, ...options }, [x]) =>
      weightAndBias([units, x![0]!], units, x![0]!, options),
    lower: (options, [x], context) => {
      const [weight, bias] = appliedWeights(options, context);
      return op.Gemm(x!, weight, bias, { transB: true });
    },
  },
);
