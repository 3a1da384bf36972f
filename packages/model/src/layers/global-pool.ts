/** All pixels of each channel as one number, whatever their number: [channels]. */
import { ops as op, type Value } from '@ganport/onnx';
import { layer } from './contract.ts';
import { expectImage } from './options.ts';

const pool = (lower: (x: Value) => Value) =>
  ({
    inputs: 'one',
    shape: (_: unknown, [x]: readonly (readonly number[])[]) => {
      expectImage(x!);
      return [x![0]!];
    },
    lower: (_: unknown, [x]: readonly Value[]) => lower(x!),
  }) as const;

/** Lin et al. 2014. */
export const globalAvgPool2d = layer(
  'globalAvgPool2d',
  {},
  pool((x) => op.mean(x, { axes: [2, 3] })),
);

/** As in the discriminators of Miyato et al. 2018. */
export const globalSumPool2d = layer(
  'globalSumPool2d',
  {},
  pool((x) => op.ReduceSum(x, { axes: [2, 3] })),
);

export const globalMaxPool2d = layer(
  'globalMaxPool2d',
  {},
  pool((x) => op.Reshape(op.GlobalMaxPool(x), x.shape.slice(0, 2))),
);
