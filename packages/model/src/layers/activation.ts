import { ops as op, type Value } from '@ganport/onnx';
import * as z from 'zod';
import { layer } from './contract.ts';

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
