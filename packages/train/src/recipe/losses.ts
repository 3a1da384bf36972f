/**
 * Adversarial losses, from the discriminator's outputs on real and on generated images, [N, 1] each. Both
 * are scalars to minimise, means over the batch.
 */
import { ops as op, scalar, type Value } from '@ganport/onnx';
import type { Penalties } from './penalties.ts';

export interface Loss {
  discriminator(real: Value, fake: Value): Value;
  /** @param real the updated discriminator's outputs on real images: made only where it is called */
  generator(fake: Value, real: () => Value): Value;
  /** Whether the outputs are logits, of a probability that an image is real. */
  logits: boolean;
  /** Whether the outputs it wants lie in a range, so that the discriminator may end in a sigmoid or the like. */
  bounded?: boolean;
  /** What it is trained with, unless a configuration says otherwise. */
  penalties: Penalties;
}

/** −log σ(x) is softplus(−x), and −log(1 − σ(x)) is softplus(x). */
const softplus = (x: Value) => op.mean(op.Softplus(x));
const meanSquare = (x: Value) => op.mean(op.Mul(x, x));
/** The mean of max(0, 1 + x). */
const hinge = (x: Value) => op.mean(op.Relu(op.Add(x, scalar(1))));

export const LOSSES = {
  /**
   * Binary cross-entropy with real labels 1 and fake labels 0; the generator's label is 1, the
   * non-saturating form (Goodfellow et al. 2014).
   */
  bce: {
    discriminator: (real, fake) => op.Add(softplus(op.Neg(real)), softplus(fake)),
    generator: (fake) => softplus(op.Neg(fake)),
    logits: true,
    penalties: {},
  },

  /** The same for the discriminator; the generator minimises log(1 − D), the saturating form (Goodfellow et al. 2014). */
  minimax: {
    discriminator: (real, fake) => op.Add(softplus(op.Neg(real)), softplus(fake)),
    generator: (fake) => op.Neg(softplus(fake)),
    logits: true,
    penalties: {},
  },

  /** Least squares with labels 1 and 0, equation 9 of Mao et al. 2017, halves included. */
  lsgan: {
    discriminator: (real, fake) =>
      op.Mul(op.Add(meanSquare(op.Sub(real, scalar(1))), meanSquare(fake)), scalar(0.5)),
    generator: (fake) => op.Mul(meanSquare(op.Sub(fake, scalar(1))), scalar(0.5)),
    logits: false,
    bounded: true,
    penalties: {},
  },

  /** Lim & Ye 2017, Miyato et al. 2018. */
  hinge: {
    discriminator: (real, fake) => op.Add(hinge(op.Neg(real)), hinge(fake)),
    generator: (fake) => op.Neg(op.mean(fake)),
    logits: false,
    penalties: {},
  },

  /** The critic's estimate of the Wasserstein distance (Arjovsky et al. 2017) with Gulrajani et al. 2017's penalty. */
  wasserstein: {
    discriminator: (real, fake) => op.Sub(op.mean(fake), op.mean(real)),
    generator: (fake) => op.Neg(op.mean(fake)),
    logits: false,
    penalties: { gradient: 10 },
  },

  /**
   * Relativistic pairing: each generated image against a real one (Jolicoeur-Martineau 2019), with the
   * penalties of R3GAN (Huang et al. 2024), whose weight is to be tuned for each data set.
   */
  relativistic: {
    discriminator: (real, fake) => softplus(op.Sub(fake, real)),
    generator: (fake, real) => softplus(op.Sub(real(), fake)),
    logits: true,
    penalties: { r1: 1, r2: 1 },
  },
} satisfies Record<string, Loss>;

export type LossName = keyof typeof LOSSES;
