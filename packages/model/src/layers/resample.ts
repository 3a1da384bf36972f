import { ops as op } from '@ganport/onnx';
import * as z from 'zod';
import { layer } from './contract.ts';
import { count, expectImage, fits, pair } from './options.ts';

export const avgPool2d = layer(
  'avgPool2d',
  { kernel: pair(count), stride: pair(count).optional() },
  {
    inputs: 'one',
    shape: ({ kernel, stride = kernel }, [x]) => {
      expectImage(x!);
      const size = [0, 1].map((i) => Math.floor((x![i + 1]! - kernel[i]!) / stride[i]!) + 1);
      return fits([x![0]!, ...size], `window ${kernel.join('×')} is larger than its input [${x}]`);
    },
    lower: ({ kernel, stride = kernel }, [x]) => op.AveragePool(x!, { kernel, strides: stride }),
  },
);

/** Repeats each pixel `scale` times in both directions (nearest neighbour). */
export const upsample2d = layer(
  'upsample2d',
  { scale: z.int().min(2).max(16).default(2) },
  {
    inputs: 'one',
    shape: ({ scale }, [x]) => {
      expectImage(x!);
      return [x![0]!, x![1]! * scale, x![2]! * scale];
    },
    lower: ({ scale }, [x]) => op.Resize(x!, [scale, scale]),
  },
);
