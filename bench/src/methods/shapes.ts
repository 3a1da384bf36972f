/** Colour pictures drawn by code: one of four shapes, of any colour, place and size, on a darker ground. */
import { randomSequence, STREAM } from '@ganport/model';
import { idxImages } from './idx.ts';

const SHAPES = ['disc', 'square', 'triangle', 'ring'] as const;
const SIZE = 32;

/** How far inside, in pixels, the point (x, y) from the middle is of a shape of radius r. */
const INSIDE: Record<(typeof SHAPES)[number], (x: number, y: number, r: number) => number> = {
  disc: (x, y, r) => r - Math.hypot(x, y),
  square: (x, y, r) => 0.85 * r - Math.max(Math.abs(x), Math.abs(y)),
  triangle: (x, y, r) => Math.min(r * 0.6 - y, y * 0.5 + r * 0.5 - Math.abs(x) * 0.9),
  ring: (x, y, r) => 0.25 * r - Math.abs(0.75 * r - Math.hypot(x, y)),
};

/** IDX of images [count, 32, 32, 3] and of their labels [count]; shapes take turns. */
export function drawShapes(count: number): { images: Uint8Array; labels: Uint8Array } {
  const pixels = new Uint8Array(count * SIZE * SIZE * 3);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % SHAPES.length);
  for (let i = 0; i < count; i++) {
    const { uniform } = randomSequence(0, STREAM.glyphs, i);
    const between = (low: number, high: number) => low + (high - low) * uniform();
    const colour = [0, 1, 2].map(() => between(90, 255));
    const ground = [0, 1, 2].map(() => between(0, 60));
    const radius = between(6, 11);
    const [cx, cy] = [between(radius, SIZE - radius), between(radius, SIZE - radius)];
    const inside = INSIDE[SHAPES[labels[i]!]!];
    for (let at = 0; at < SIZE * SIZE; at++) {
      const [x, y] = [(at % SIZE) + 0.5 - cx, Math.floor(at / SIZE) + 0.5 - cy];
      const share = Math.min(1, Math.max(0, 0.5 + inside(x, y, radius)));
      for (let c = 0; c < 3; c++) {
        pixels[(i * SIZE * SIZE + at) * 3 + c] = Math.round(
          ground[c]! + share * (colour[c]! - ground[c]!),
        );
      }
    }
  }
  return {
    images: idxImages([count, SIZE, SIZE, 3], pixels),
    labels: idxImages([count], labels),
  };
}
