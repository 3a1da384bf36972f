import { type Code, codeValues } from '@ganport/model';
import { ops as op, scalar, type Value } from '@ganport/onnx';
import type { Judgement } from './critic.ts';
import { crossEntropyOfRows } from './cross-entropy.ts';

/**
 * The mean of −log Q(codes | image), a scalar: what an InfoGAN's generator and discriminator both make small, and so
 * the codes' mutual information with the images large (Chen et al. 2016, with λ = 1). Of a category it is a
 * cross-entropy; of a number (c − μ)² / 2, a normal distribution of deviation 1 about what is told, up to a constant.
 * @param told of images that were drawn of the latents
 * @param latents [N, size]
 * @returns nothing of a generator without codes
 */
export function codeLoss(told: Judgement, latents: Value, codes: readonly Code[]): Value[] {
  if (codes.length === 0) return [];
  const values = codeValues(latents, codes);
  const losses = codes.map(({ name, size }) =>
    size > 1
      ? crossEntropyOfRows(told[name]!, values[name]!)
      : halfSquare(op.Sub(told[name]!, values[name]!)),
  );
  return [losses.reduce(op.Add)];
}

function halfSquare(difference: Value): Value {
  return op.Mul(op.mean(op.Mul(difference, difference)), scalar(0.5));
}
