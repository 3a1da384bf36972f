import { ops as op, scalar, type Value } from '@ganport/onnx';
import * as z from 'zod';
import { layer } from './contract.ts';
import { perChannel } from './options.ts';

/** Kinds of layers that work element by element. */
const elementwise = (lower: (x: Value) => Value) =>
  ({
    inputs: 'one',
    shape: (_: unknown, [x]: readonly (readonly number[])[]) => x!,
    lower: (_: unknown, [x]: readonly Value[]) => lower(x!),
  }) as const;

export const relu = layer('relu', {}, elementwise(op.Relu));
export const tanh = layer('tanh', {}, elementwise(op.Tanh));
export const sigmoid = layer('sigmoid', {}, elementwise(op.Sigmoid));

export const leakyRelu = layer(
  'leakyRelu',
  { slope: z.number().min(0).max(1).default(0.01) },
  {
    inputs: 'one',
    shape: (_, [x]) => x!,
    lower: ({ slope }, [x]) => op.LeakyRelu(x!, slope),
  },
);

/** slope · x where x ≤ 0, with a trained slope for each channel, 0.25 at first (He et al. 2015). */
export const prelu = layer(
  'prelu',
  {},
  {
    inputs: 'one',
    shape: (_, [x]) => x!,
    parameters: (_, [x]) => [
      {
        name: 'weight',
        shape: [x![0]!],
        init: { type: 'constant', value: 0.25 },
        trained: true,
      },
    ],
    lower: (_, [x], { weight }) => {
      const slope = perChannel(weight('weight'), x!);
      const above = op.Relu(x!);
      return op.Add(above, op.Mul(slope, op.Sub(x!, above)));
    },
  },
);

/** With which a network's activations come to mean 0 and variance 1 by themselves (Klambauer et al. 2017). */
const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 } as const;

export const selu = layer(
  'selu',
  {},
  elementwise((x) => {
    const above = op.Relu(x);
    const below = op.Sub(op.Exp(op.Sub(x, above)), scalar(1));
    const sum = op.Add(above, op.Mul(below, scalar(SELU.alpha)));
    return op.Mul(sum, scalar(SELU.scale));
  }),
);
