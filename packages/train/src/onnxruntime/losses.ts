/**
 * Adversarial losses, from the discriminator's logits. Each is a scalar to minimise, a mean over the
 * batch.
 */
import { ops as op, type Value } from '@ganport/onnx';

export interface Loss {
  /** The discriminator's, from its logits on real and on generated images, [N, 1] each. */
  discriminator(real: Value, fake: Value): Value;
  /** The generator's, from the discriminator's logits on generated images, [N, 1]. */
  generator(fake: Value): Value;
}

export const LOSSES = {
  /**
   * Binary cross-entropy with real labels 1 and fake labels 0; the generator's label is 1, the
   * non-saturating form (Goodfellow et al. 2014). −log σ(x) is softplus(−x), −log(1 − σ(x)) is
   * softplus(x).
   */
  bce: {
    discriminator: (real, fake) =>
      op.Add(op.mean(op.Softplus(op.Neg(real))), op.mean(op.Softplus(fake))),
    generator: (fake) => op.mean(op.Softplus(op.Neg(fake))),
  },
} satisfies Record<string, Loss>;

export type LossName = keyof typeof LOSSES;
