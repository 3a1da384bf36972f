/** What is done to images before the discriminator sees them, real and generated alike. */
import { ops as op, scalar, type Value } from '@ganport/onnx';
import type { Random } from './draft.ts';

/** Images [N, C, H, W] in −1…1 to others of the same shape; gradients flow through. */
export type Augmentation = (images: Value, random: Random) => Value;

export const AUGMENTATIONS = {
  /** Adds to each image a number from −½ to ½ (Zhao et al. 2020, DiffAugment). */
  brightness: (images, random) => {
    const shift = random('brightness', [images.shape[0] as number, 1, 1, 1], 'uniform');
    return op.Add(images, op.Sub(shift, scalar(0.5)));
  },
} satisfies Record<string, Augmentation>;

export type AugmentationName = keyof typeof AUGMENTATIONS;
