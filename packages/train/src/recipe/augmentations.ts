/**
 * What is done to images before the discriminator sees them, real and generated alike: DiffAugment (Zhao et
 * al. 2020). Each image has random numbers of its own.
 */
import { constant, ops as op, scalar, type Value } from '@ganport/onnx';
import type { Random } from './draft.ts';

/** Images [N, C, H, W] in −1…1 to others of the same shape; gradients flow through. */
export type Augmentation = (images: Value, random: Random) => Value;

/** An image is moved by up to this share of its side, and what is cut out of it has that one. */
const MOST_MOVED = 1 / 8;
const CUT = 1 / 2;

export const AUGMENTATIONS = {
  /** Adds to each image a number from −½ to ½. */
  brightness: (images, random) =>
    op.Add(images, op.Sub(each(images, random, 'brightness'), scalar(0.5))),

  /** Multiplies the distance of each channel from the pixel's grey by 0 to 2; grey images stay. */
  saturation: (images, random) => {
    if (images.shape[1] === 1) return images;
    const grey = op.mean(images, { axes: [1], keepdims: true });
    const factor = op.Mul(each(images, random, 'saturation'), scalar(2));
    return op.Add(op.Mul(op.Sub(images, grey), factor), grey);
  },

  /** Multiplies the distance from the image's mean by ½ to 1½. */
  contrast: (images, random) => {
    const mean = op.mean(images, { axes: [1, 2, 3], keepdims: true });
    const factor = op.Add(each(images, random, 'contrast'), scalar(0.5));
    return op.Add(op.Mul(op.Sub(images, mean), factor), mean);
  },

  /** Moves each image by whole pixels, an eighth of its side at most; what comes in is 0. */
  translation: (images, random) => {
    const [height, width] = images.shape.slice(2) as [number, number];
    const down = op.MatMul(moving(each(images, random, 'down'), height), images);
    // A row times a matrix moves the other way, which is as likely.
    return op.MatMul(down, moving(each(images, random, 'across'), width));
  },

  /** Sets a rectangle of half the sides to 0, whose centre is anywhere in the image. */
  cutout: (images, random) => {
    const [height, width] = images.shape.slice(2) as [number, number];
    const rows = op.Reshape(span(each(images, random, 'down'), height), [
      images.shape[0] as number,
      1,
      height,
      1,
    ]);
    const columns = span(each(images, random, 'across'), width);
    return op.Mul(images, op.Sub(scalar(1), op.Mul(rows, columns)));
  },
} satisfies Record<string, Augmentation>;

export type AugmentationName = keyof typeof AUGMENTATIONS;

/** A number from 0 to 1 for each image: [N, 1, 1, 1]. */
function each({ shape }: Value, random: Random, name: string): Value {
  return random(name, [shape[0] as number, 1, 1, 1], 'uniform');
}

/** Whole numbers 0…count − 1, evenly, from numbers 0…1. */
function whole(share: Value, count: number): Value {
  return op.Cast(op.Cast(op.Mul(share, scalar(count)), 'int32'), 'float32');
}

/** Matrices [N, 1, size, size] that take element i + shift to i, by as many as −size/8 to size/8. */
function moving(share: Value, size: number): Value {
  const most = Math.floor(size * MOST_MOVED + 0.5);
  const shift = op.Sub(whole(share, 2 * most + 1), scalar(most));
  const apart = Float32Array.from(
    { length: size * size },
    (_, i) => (i % size) - Math.floor(i / size),
  );
  const offset = op.Sub(constant({ dtype: 'float32', shape: [size, size], data: apart }), shift);
  return op.Relu(op.Sub(scalar(1), op.Abs(offset)));
}

/** Ones [N, 1, 1, size] where a part of half the size is, and zeros elsewhere. */
function span(share: Value, size: number): Value {
  const cut = Math.floor(size * CUT + 0.5);
  const centre = whole(share, size + 1 - (cut % 2));
  const middle = op.Add(centre, scalar((cut - 1) / 2 - Math.floor(cut / 2)));
  const places = Float32Array.from({ length: size }, (_, i) => i);
  const all = constant({ dtype: 'float32', shape: [1, 1, 1, size], data: places });
  const beyond = op.Relu(op.Sub(op.Abs(op.Sub(all, middle)), scalar((cut - 1) / 2)));
  return op.Relu(op.Sub(scalar(1), beyond));
}
