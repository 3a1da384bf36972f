/** Options and checks that several layers share. */
import * as z from 'zod';
import { type Init, LayerError, type Parameter, type Size } from './contract.ts';

export const count = z.int().min(1).max(65_536);
export const margin = z.int().min(0).max(1024);

/** One number for both height and width, or one each. */
export const pair = (each: z.ZodInt) =>
  z
    .union([each, z.tuple([each, each])], {
      error: `expected a whole number from ${each.minValue} to ${each.maxValue}, or two: [height, width]`,
    })
    .transform((v): [number, number] => (typeof v === 'number' ? [v, v] : v));

/**
 * Initial weights: "uniform" is ±1/√fan_in, PyTorch's default for dense and convolution layers;
 * "normal" is N(0, 0.02²) without bias, as in DCGAN (Radford et al. 2015).
 */
export const init = z.enum(['uniform', 'normal']).default('uniform');

/** A layer's `weight`, and its `bias` of as many numbers as it has outputs. */
export function weightAndBias(
  shape: Size,
  outputs: number,
  fanIn: number,
  options: { bias: boolean; init: z.infer<typeof init> },
): Parameter[] {
  const uniform: Init = { type: 'uniform', bound: 1 / Math.sqrt(fanIn) };
  const normal = options.init === 'normal';
  const weight: Parameter = {
    name: 'weight',
    shape,
    init: normal ? { type: 'normal', deviation: 0.02 } : uniform,
    trained: true,
  };
  if (!options.bias) return [weight];
  const start: Init = normal ? { type: 'constant', value: 0 } : uniform;
  return [weight, { name: 'bias', shape: [outputs], init: start, trained: true }];
}

export function expectRank(x: Size, rank: number, expected: string): void {
  if (x.length !== rank) throw new LayerError(`expected an input of shape ${expected}, got [${x}]`);
}

export function expectImage(x: Size): void {
  expectRank(x, 3, '[channels, height, width]; a reshape layer makes one');
}

/** @throws LayerError with the message `otherwise` if nothing is left of a dimension. */
export function fits(shape: Size, otherwise: string): Size {
  if (shape.some((dim) => dim < 1)) throw new LayerError(otherwise);
  return shape;
}
