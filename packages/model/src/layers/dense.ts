import { ops as op } from '@ganport/onnx';
import * as z from 'zod';
import { layer } from './contract.ts';
import { count, expectRank, init, weightAndBias } from './options.ts';

export const dense = layer(
  'dense',
  { units: count, bias: z.boolean().default(true), init },
  {
    inputs: 'one',
    shape: ({ units }, [x]) => {
      expectRank(x!, 1, '[units]; a flatten layer makes one of an image');
      return [units];
    },
    parameters: ({ units, ...options }, [x]) =>
      weightAndBias([units, x![0]!], units, x![0]!, options),
    lower: ({ bias }, [x], { weight }) =>
      op.Gemm(x!, weight('weight'), bias ? weight('bias') : undefined, { transB: true }),
  },
);
