import { ops as op, scalar } from '@ganport/onnx';
import * as z from 'zod';
import { layer } from './contract.ts';

/**
 * In training, zeros in place of elements with probability `rate`, and the others divided by 1 − rate
 * (Srivastava et al. 2014, scaled as in PyTorch); nothing when drawing.
 */
export const dropout = layer(
  'dropout',
  { rate: z.number().min(0).lt(1).default(0.5) },
  {
    inputs: 'one',
    shape: (_, [x]) => x!,
    lower: ({ rate }, [x], { training, random }) => {
      if (!training) return x!;
      const mask = random('mask', x!.shape as number[], 'uniform');
      const kept = op.Cast(op.Greater(mask, scalar(rate)), 'float32');
      return op.Mul(x!, op.Mul(kept, scalar(1 / (1 - rate))));
    },
  },
);
