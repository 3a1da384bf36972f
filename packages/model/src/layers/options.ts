/** Options and checks that several layers share. */
import { ops as op, type Value } from '@ganport/onnx';
import * as z from 'zod';
import { type Init, LayerError, type LowerContext, type Parameter, type Size } from './contract.ts';
import { normalizedSpectrally } from './spectral-norm.ts';

export const count = z.int().min(1).max(65_536);
export const margin = z.int().min(0).max(1024);

/** One number for both height and width, or one each. */
export const pair = (each: z.ZodInt) =>
  z
    .union([each, z.tuple([each, each])], {
      error: `expected a whole number from ${each.minValue} to ${each.maxValue}, or two: [height, width]`,
    })
    .transform((v): [number, number] => (typeof v === 'number' ? [v, v] : v));

/** Zeros around an image: one number, [height, width], or [top, left, bottom, right] as ONNX orders them. */
export const pads = z
  .union([margin, z.tuple([margin, margin]), z.tuple([margin, margin, margin, margin])], {
    error:
      'expected a whole number from 0 to 1024, two: [height, width], or four: [top, left, bottom, right]',
  })
  .transform((v): [number, number] | [number, number, number, number] =>
    typeof v === 'number' ? [v, v] : v,
  );

/** All four sides. */
export function sides(pad: z.infer<typeof pads>): readonly [number, number, number, number] {
  const [top, left, bottom = top, right = left] = pad;
  return [top, left, bottom, right];
}

/** Float32 would lose a smaller one beside any variance, and divide by 0 where there is none. */
export const epsilon = (value: number) => z.number().min(1e-12).max(1).default(value);

/** Options of a layer with a weight of its own. */
export const weighted = {
  bias: z.boolean().default(true),
  /**
   * Initial weights: "uniform" is ±1/√fan_in, PyTorch's default for dense and convolution layers;
   * "normal" is N(0, 0.02²), as in DCGAN (Radford et al. 2015); "he" is N(0, 1 / fan_in), He et al. 2015's
   * with the activation's gain left to `gain`; "zeros" ends a residual branch that at first adds nothing.
   * All but "uniform" start without bias.
   */
  init: z.enum(['uniform', 'normal', 'he', 'zeros']).default('uniform'),
  /** What initial weights are multiplied by; a bias is not. */
  gain: z.number().min(1e-6).max(1000).default(1),
  /** Divides the weight by its greatest singular value (Miyato et al. 2018). */
  spectralNorm: z.boolean().default(false),
};

type Weighted = { [K in keyof typeof weighted]: z.infer<(typeof weighted)[K]> };

/**
 * A layer's `weight`, and its `bias` of as many numbers as it has outputs.
 * @param outputAxis the weight's axis of outputs
 */
export function weightAndBias(
  shape: Size,
  outputs: number,
  fanIn: number,
  { bias, init, gain, spectralNorm }: Weighted,
  outputAxis = 0,
): Parameter[] {
  if (spectralNorm && init === 'zeros') {
    throw new LayerError(
      'spectralNorm cannot divide weights that start as zeros: take another init',
    );
  }
  const bound = 1 / Math.sqrt(fanIn);
  const inits: Record<Weighted['init'], Init> = {
    uniform: { type: 'uniform', bound: bound * gain },
    normal: { type: 'normal', deviation: 0.02 * gain },
    he: { type: 'normal', deviation: bound * gain },
    zeros: { type: 'constant', value: 0 },
  };
  const parameters: Parameter[] = [{ name: 'weight', shape, init: inits[init], trained: true }];
  if (bias) {
    const start: Init =
      init === 'uniform' ? { type: 'uniform', bound } : { type: 'constant', value: 0 };
    parameters.push({ name: 'bias', shape: [outputs], init: start, trained: true });
  }
  if (spectralNorm) {
    const size = [shape[outputAxis]!];
    const init: Init = { type: 'normal', deviation: 1 };
    parameters.push({ name: 'weight_u', shape: size, init, trained: false });
  }
  return parameters;
}

/** The weight as the layer applies it, and the bias if there is one. */
export function appliedWeights(
  { bias, spectralNorm }: Pick<Weighted, 'bias' | 'spectralNorm'>,
  context: LowerContext,
  outputAxis = 0,
): [weight: Value, bias: Value | undefined] {
  const { weight } = context;
  return [
    spectralNorm ? normalizedSpectrally(context, outputAxis) : weight('weight'),
    bias ? weight('bias') : undefined,
  ];
}

/** A parameter of one number a channel, laid out to broadcast against x [N, C, ...]. */
export function perChannel(parameter: Value, x: Value): Value {
  return op.Reshape(
    parameter,
    x.shape.map((_, axis) => (axis === 1 ? parameter.shape[0]! : 1)),
  );
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
