/** A data set in colour that is drawn by code: one disc, square or cross on black. */
import { type Random, randomSequence, STREAM } from '@ganport/model';
import { type Dataset, memoryDataset } from '@ganport/train';
import { SIZE } from './runs.ts';

const COUNT = 4000;
/** Of the set, which is the same whatever a run's seed is. */
const SEED = 0;

/** Whether a point is in a shape of a radius around 0, x to the right and y down. */
const SHAPES: readonly ((x: number, y: number, radius: number) => boolean)[] = [
  (x, y, radius) => x * x + y * y <= radius * radius,
  (x, y, radius) => Math.max(Math.abs(x), Math.abs(y)) <= 0.9 * radius,
  (x, y, radius) =>
    Math.min(Math.abs(x), Math.abs(y)) <= 0.35 * radius &&
    Math.max(Math.abs(x), Math.abs(y)) <= 1.1 * radius,
];

/** Full colours, each a corner or an edge of the RGB cube. */
const COLOURS = [
  [255, 40, 40],
  [40, 220, 60],
  [60, 90, 255],
  [250, 220, 40],
  [230, 60, 220],
  [50, 220, 220],
] as const;

export function shapes(): Dataset {
  const bytes = SIZE * SIZE * 3;
  const images = new Uint8Array(COUNT * bytes);
  for (let i = 0; i < COUNT; i++) {
    drawInto(images.subarray(i * bytes, (i + 1) * bytes), randomSequence(SEED, STREAM.glyphs, i));
  }
  return memoryDataset({ name: 'shapes', height: SIZE, width: SIZE, channels: 3, images });
}

/** @param image bytes [H, W, 3], black */
function drawInto(image: Uint8Array, random: Random): void {
  const inside = SHAPES[random.below(SHAPES.length)]!;
  const colour = COLOURS[random.below(COLOURS.length)]!;
  const radius = 5 + 4 * random.uniform();
  const [centreX, centreY] = [0, 1].map(() => SIZE / 2 + 8 * (random.uniform() - 0.5)) as [
    number,
    number,
  ];
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      if (inside(x - centreX, y - centreY, radius)) image.set(colour, 3 * (y * SIZE + x));
    }
  }
}
