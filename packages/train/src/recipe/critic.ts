/** The discriminator as a function of images, within one turn of a step. */
import { ops as op, type Value } from '@ganport/onnx';
import { AUGMENTATIONS, type AugmentationName } from './augmentations.ts';
import type { Draft } from './draft.ts';
import type { Player, Weights } from './player.ts';

/** What it says of images, by the names of its outputs: "output" is [N, 1]. */
export type Judgement = ReturnType<Player['pass']>;

/** Judges images [N, C, H, W] in −1…1, of the classes it was made for; the same images once. */
export type Critic = (images: Value) => Judgement;

export interface CriticOptions {
  draft: Draft;
  discriminator: Player;
  weights: Weights;
  /** What images are seen through, in order. */
  augment: readonly AugmentationName[];
  /** The images' classes, int64 [N], where it takes them; of a batch of several times N, they are repeated. */
  label: Value | undefined;
  /** How likely an image is seen through them, a scalar; always where there is none. */
  probability: Value | undefined;
  /** Names the turn. */
  where: string;
}

export function createCritic({
  draft,
  discriminator,
  weights,
  augment,
  label,
  probability,
  where,
}: CriticOptions): Critic {
  const some = (changed: Value, images: Value, probability: Value, name: string) => {
    const chance = draft.random(`${name}.chance`, [images.shape[0] as number, 1, 1, 1], 'uniform');
    return op.Where(op.Greater(probability, chance), changed, images);
  };
  const judged = new Map<Value, Judgement>();
  return (images) => {
    const before = judged.get(images);
    if (before) return before;
    const pass = `${where}.pass${judged.size}`;
    // Named by position: the same one twice draws other numbers each time.
    const changed = augment.reduce((image, name, position) => {
      const where = `${pass}.augment.${position}`;
      return AUGMENTATIONS[name](image, (of, ...rest) => draft.random(`${where}.${of}`, ...rest));
    }, images);
    const seen = probability ? some(changed, images, probability, `${pass}.augment`) : changed;
    const times = label ? (seen.shape[0] as number) / (label.shape[0] as number) : 0;
    const labels = Array.from({ length: times }, () => label!);
    const given = labels.length > 1 ? op.Concat(labels, 0) : labels[0];
    const outputs = discriminator.pass(pass, { image: seen, label: given }, weights);
    judged.set(images, outputs);
    return outputs;
  };
}

/** Real and generated images as one batch: the same function, and faster, where a batch is not mixed. */
export function judgeTogether(critic: Critic, real: Value, fake: Value): [Judgement, Judgement] {
  const sizes = [real, fake].map(({ shape }) => shape[0] as number);
  const judged = Object.entries(critic(op.Concat([real, fake], 0)));
  const part = (which: 0 | 1) =>
    judged.map(([name, outputs]) => [name, op.Split(outputs, sizes, 0)[which]!] as const);
  return [0, 1].map((which) => Object.fromEntries(part(which as 0 | 1))) as [Judgement, Judgement];
}
