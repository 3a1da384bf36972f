/** The discriminator as a function of images, within one turn of a step. */
import { ops as op, type Value } from '@ganport/onnx';
import { AUGMENTATIONS, type AugmentationName } from './augmentations.ts';
import type { Draft } from './draft.ts';
import type { Player, Weights } from './player.ts';

/** Its outputs [N, 1] on images [N, C, H, W] in −1…1; the same images are judged once. */
export type Critic = (images: Value) => Value;

export interface CriticOptions {
  draft: Draft;
  discriminator: Player;
  weights: Weights;
  /** What images are seen through, in order. */
  augment: readonly AugmentationName[];
  /** Names the turn. */
  where: string;
}

export function createCritic({
  draft,
  discriminator,
  weights,
  augment,
  where,
}: CriticOptions): Critic {
  const judged = new Map<Value, Value>();
  return (images) => {
    const before = judged.get(images);
    if (before) return before;
    const pass = `${where}.pass${judged.size}`;
    // Named by position: the same one twice draws other numbers each time.
    const seen = augment.reduce((image, name, position) => {
      const where = `${pass}.augment.${position}`;
      return AUGMENTATIONS[name](image, (of, ...rest) => draft.random(`${where}.${of}`, ...rest));
    }, images);
    const outputs = discriminator.pass(pass, { image: seen }, weights);
    judged.set(images, outputs);
    return outputs;
  };
}

/** Real and generated images as one batch: the same function, and faster, where a batch is not mixed. */
export function judgeTogether(critic: Critic, real: Value, fake: Value): [Value, Value] {
  const sizes = [real, fake].map(({ shape }) => shape[0] as number);
  const [onReal, onFake] = op.Split(critic(op.Concat([real, fake], 0)), sizes, 0);
  return [onReal!, onFake!];
}
