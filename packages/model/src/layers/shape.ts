import { ops as op, sizeOf } from '@ganport/onnx';
import * as z from 'zod';
import { LayerError, layer } from './contract.ts';
import { count } from './options.ts';

export const reshape = layer(
  'reshape',
  { shape: z.array(count).min(1).max(3) },
  {
    inputs: 'one',
    shape: ({ shape }, [x]) => {
      if (sizeOf(shape) === sizeOf(x!)) return shape;
      throw new LayerError(
        `shape [${shape}] has ${sizeOf(shape)} elements, its input [${x}] has ${sizeOf(x!)}`,
      );
    },
    lower: ({ shape }, [x]) => op.Reshape(x!, [x!.shape[0]!, ...shape]),
  },
);

export const flatten = layer(
  'flatten',
  {},
  {
    inputs: 'one',
    shape: (_, [x]) => [sizeOf(x!)],
    lower: (_, [x]) => op.Reshape(x!, [x!.shape[0]!, sizeOf(x!.shape.slice(1) as number[])]),
  },
);
