/**
 * Adversarial losses, from the discriminator's outputs on real and on generated images, [N, 1] each. Both
 * are scalars to minimise, means over the batch.
 */
import { ops as op, scalar, type Value } from '@ganport/onnx';
import type { AdamOptions } from './adam.ts';
import type { Penalties } from './penalties.ts';

export interface Loss {
  /** @param label of real images, where the loss has labels: below 1 it is smoothed (Salimans et al. 2016) */
  discriminator(real: Value, fake: Value, label?: number): Value;
  /** @param real the updated discriminator's outputs on real images: made only where it is called */
  generator(fake: Value, real: () => Value): Value;
  /** Whether the outputs are logits, of a probability that an image is real. */
  logits: boolean;
  /** Whether the outputs it wants lie in a range, so that the discriminator may end in a sigmoid or the like. */
  bounded?: boolean;
  /** What it is trained with, unless a configuration says otherwise. */
  penalties: Penalties;
  /** The same of other settings, as published. */
  training?: { discriminatorSteps?: number; adam?: Partial<AdamOptions>; clip?: number };
  /** Whether real images have a label, which can be smoothed. */
  labels?: boolean;
  /** Whether it is an estimate of a Wasserstein distance, whose critic's weights may be clipped. */
  wasserstein?: boolean;
}

/** −log σ(x) is softplus(−x), and −log(1 − σ(x)) is softplus(x). */
const softplus = (x: Value) => op.mean(op.Softplus(x));
const meanSquare = (x: Value) => op.mean(op.Mul(x, x));
/** Cross-entropy with a label of 1, or a smoothed one, on real images and 0 on generated ones. */
const crossEntropy = (real: Value, fake: Value, label = 1) => {
  const onReal = softplus(op.Neg(real));
  if (label === 1) return op.Add(onReal, softplus(fake));
  const smooth = op.blend(onReal, softplus(real), label);
  return op.Add(smooth, softplus(fake));
};
/** The mean of max(0, 1 + x). */
const hinge = (x: Value) => op.mean(op.Relu(op.Add(x, scalar(1))));

export const LOSSES = {
  /**
   * Binary cross-entropy with real labels 1 and fake labels 0; the generator's label is 1, the
   * non-saturating form (Goodfellow et al. 2014).
   */
  bce: {
    discriminator: crossEntropy,
    generator: (fake) => softplus(op.Neg(fake)),
    logits: true,
    labels: true,
    penalties: {},
  },

  /** The same for the discriminator; the generator minimises log(1 − D), the saturating form (Goodfellow et al. 2014). */
  minimax: {
    discriminator: crossEntropy,
    generator: (fake) => op.Neg(softplus(fake)),
    logits: true,
    labels: true,
    penalties: {},
  },

  /** Least squares with labels 1 and 0, equation 9 of Mao et al. 2017, halves included. */
  lsgan: {
    discriminator: (real, fake, label = 1) =>
      op.Mul(op.Add(meanSquare(op.Sub(real, scalar(label))), meanSquare(fake)), scalar(0.5)),
    generator: (fake) => op.Mul(meanSquare(op.Sub(fake, scalar(1))), scalar(0.5)),
    logits: false,
    bounded: true,
    labels: true,
    penalties: {},
  },

  /** Lim & Ye 2017; trained as by Miyato et al. 2018. */
  hinge: {
    discriminator: (real, fake) => op.Add(hinge(op.Neg(real)), hinge(fake)),
    generator: (fake) => op.Neg(op.mean(fake)),
    logits: false,
    penalties: {},
    training: { discriminatorSteps: 5, adam: { beta1: 0, beta2: 0.9 } },
  },

  /**
   * The critic's estimate of the Wasserstein distance, its weights clipped (Arjovsky et al. 2017,
   * algorithm 1). Adam with β₁ = 0 is the paper's RMSProp, but for the correction of its first steps.
   */
  wgan: {
    discriminator: (real, fake) => op.Sub(op.mean(fake), op.mean(real)),
    generator: (fake) => op.Neg(op.mean(fake)),
    logits: false,
    wasserstein: true,
    penalties: {},
    training: {
      discriminatorSteps: 5,
      adam: { learningRate: 5e-5, beta1: 0, beta2: 0.99 },
      clip: 0.01,
    },
  },

  /** The critic's estimate of the Wasserstein distance (Arjovsky et al. 2017) with Gulrajani et al. 2017's penalty. */
  wasserstein: {
    discriminator: (real, fake) => op.Sub(op.mean(fake), op.mean(real)),
    generator: (fake) => op.Neg(op.mean(fake)),
    logits: false,
    wasserstein: true,
    penalties: { gradient: 10 },
    training: { discriminatorSteps: 5, adam: { beta1: 0, beta2: 0.9 } },
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
    training: { adam: { beta1: 0, beta2: 0.9 } },
  },
} satisfies Record<string, Loss>;

export type LossName = keyof typeof LOSSES;

/** Other names that people know losses by. */
export const LOSS_ALIASES: Readonly<Record<string, LossName>> = {
  'non-saturating': 'bce',
  ls: 'lsgan',
  'wgan-gp': 'wasserstein',
  'wgan-clip': 'wgan',
  r3gan: 'relativistic',
};
