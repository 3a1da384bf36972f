/** What presets share. */
import { ModelError } from '../error.ts';
import type { NetworkSpec } from '../network.ts';

export interface GanSpec {
  generator: NetworkSpec;
  discriminator: NetworkSpec;
}

export interface ImageSize {
  channels: number;
  height: number;
  width: number;
  /** Names of the classes of data that have labels. */
  classes?: readonly string[] | undefined;
}

/** Two networks for images of a size. @throws ModelError for a size that they cannot be made for */
export type Preset = (image: ImageSize) => GanSpec;

export type Layers = NetworkSpec['layers'];

export const leaky = { type: 'leakyRelu', slope: 0.2 } as const;
export const relu = { type: 'relu' } as const;

/** A generator's first layers: images [filters, height, width] of the latent, batch-normalised. */
export function opening(filters: number, { height, width }: Start): Layers {
  return [
    { type: 'dense', units: filters * height * width, init: 'normal', bias: false },
    { type: 'reshape', shape: [filters, height, width] },
    { type: 'batchNorm' },
    relu,
  ];
}

/** A discriminator's. */
export function inputs({ channels, height, width }: ImageSize): { image: number[] } {
  return { image: [channels, height, width] };
}

/** Height and width of the image, so many times smaller. @throws ModelError if they are not whole */
export function shrunk({ height, width }: ImageSize, times: number, preset: string) {
  if (height % times === 0 && width % times === 0) return [height / times, width / times] as const;
  throw new ModelError(
    `preset ${preset}: expected images of a height and width in multiples of ${times}, got ${height}×${width}; resize them, or give networks of your own`,
  );
}

/** Where a generator starts and a discriminator ends: a size, and how often it doubles to the image's. */
export interface Start {
  height: number;
  width: number;
  doublings: number;
}

/**
 * The smallest of at least 4 × 4 that doublings make the image's: 4 × 4 of 32 or 64 pixels, 7 × 7 of 28.
 * @throws ModelError if it does not double twice
 */
export function startOf(image: ImageSize, preset: string): Start {
  let [height, width] = shrunk(image, 4, preset) as [number, number];
  let doublings = 2;
  if (Math.min(height, width) < 4) {
    throw new ModelError(
      `preset ${preset}: expected images of at least 16×16, got ${image.height}×${image.width}`,
    );
  }
  while (height % 2 === 0 && width % 2 === 0 && Math.min(height, width) >= 8) {
    height /= 2;
    width /= 2;
    doublings++;
  }
  return { height, width, doublings };
}

/** `last` channels after the last doubling, and twice as many before each: widest first. */
export function widths(doublings: number, last: number): number[] {
  return Array.from({ length: doublings }, (_, i) => last * 2 ** (doublings - 1 - i));
}
