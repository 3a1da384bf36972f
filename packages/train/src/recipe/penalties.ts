/** What is added to the discriminator's loss to keep its slope in bounds: scalars, means over the batch. */
import { gradients, ops as op, scalar, type Value } from '@ganport/onnx';
import type { Random } from './draft.ts';
import type { Scheduled } from './schedules.ts';

interface PenaltyContext {
  /** The discriminator: its outputs [N, 1] on images [N, C, H, W]. */
  critic(images: Value): Value;
  real: Value;
  fake: Value;
  random: Random;
}

export type Penalty = (context: PenaltyContext) => Value;

export const PENALTIES = {
  /** (|∇D| − 1)² at random points between real and generated images (WGAN-GP, Gulrajani et al. 2017). */
  gradient: ({ critic, real, fake, random }) => {
    const share = random('share', [real.shape[0] as number, 1, 1, 1], 'uniform');
    const between = op.Add(fake, op.Mul(share, op.Sub(real, fake)));
    // The root has no derivative at 0.
    const norm = op.Sqrt(op.Add(squaredSlope(critic, between), scalar(1e-12)));
    const excess = op.Sub(norm, scalar(1));
    return op.mean(op.Mul(excess, excess));
  },

  /** ½|∇D|² at real images (Mescheder et al. 2018). */
  r1: ({ critic, real }) => op.Mul(op.mean(squaredSlope(critic, real)), scalar(0.5)),

  /** ½|∇D|² at generated images. */
  r2: ({ critic, fake }) => op.Mul(op.mean(squaredSlope(critic, fake)), scalar(0.5)),
} satisfies Record<string, Penalty>;

export type PenaltyName = keyof typeof PENALTIES;

/** Penalties by name, and what each is multiplied by. */
export type Penalties = Partial<Record<PenaltyName, Scheduled>>;

/** |∇D|² at each image: [N]. */
function squaredSlope(critic: PenaltyContext['critic'], images: Value): Value {
  const [slope] = gradients(op.ReduceSum(critic(images)), [images]);
  return op.ReduceSum(op.Mul(slope!, slope!), { axes: [1, 2, 3] });
}
