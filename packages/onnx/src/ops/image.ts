/** Parts of images [N, C, H, W] that operators and gradients share; the batch may be symbolic. */
import { knownShape, type Value } from '../value.ts';
import type { Pads } from './geometry.ts';
import { Pad, Slice } from './shape.ts';

export type Image = [n: number, c: number, h: number, w: number];

/** Sizes of an image; its batch is left as 0. @throws OnnxError if another is symbolic */
export function knownImage({ shape }: Value): Image {
  return [0, ...knownShape(shape.slice(1), 'the gradient of Conv')] as Image;
}

/** Pads the image with zeros; a negative pad cuts. */
export function padImage(x: Value, [top, left, bottom, right]: Pads): Value {
  const [, , h, w] = knownImage(x);
  const cut = (pad: number) => Math.max(-pad, 0);
  let image = x;
  if ([top, left, bottom, right].some((pad) => pad < 0)) {
    const starts = [cut(top), cut(left)];
    image = Slice(x, { axes: [2, 3], starts, ends: [h - cut(bottom), w - cut(right)] });
  }
  const grow = [top, left, bottom, right].map((pad) => Math.max(pad, 0));
  if (grow.every((pad) => pad === 0)) return image;
  return Pad(image, [0, 0, grow[0]!, grow[1]!], [0, 0, grow[2]!, grow[3]!]);
}

/** count − 1, …, 0. */
export function countDown(count: number): number[] {
  return Array.from({ length: count }, (_, i) => count - 1 - i);
}
