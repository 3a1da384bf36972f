/** How pictures of any size become images of one. */
import * as z from 'zod';

export const pictureSettings = z.strictObject({
  /**
   * Height and width of the images, in pixels. Unless given, the largest of 28, 32 and 64 that the shorter
   * side of most pictures reaches; 28 for smaller ones.
   */
  size: z.int().min(4).max(1024).optional(),
  /** `crop` keeps the middle, `contain` the whole on the background, `stretch` no proportions; crop by default. */
  fit: z.enum(['crop', 'contain', 'stretch']).optional(),
  /** 1 for grey, 3 for colour. Unless given, 1 where all pictures are grey. */
  channels: z.union([z.literal(1), z.literal(3)]).optional(),
  /** Behind what is transparent, and around what `contain` leaves free; white by default. */
  background: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, { error: 'expected a colour such as "#ffffff"' })
    .optional(),
  /** What a picture that cannot be read does: end everything, or be left out and named; fail by default. */
  onBadImage: z.enum(['fail', 'skip']).optional(),
});

export type PictureSettings = z.infer<typeof pictureSettings>;

/** The sizes that are chosen from; they fit the presets' networks. */
const SIZES = [64, 32, 28] as const;

/** See `PictureSettings.size`. @param sides the shorter sides of the pictures, at least one */
export function defaultSize(sides: readonly number[]): number {
  const sorted = [...sides].sort((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)]!;
  return SIZES.find((size) => size <= median) ?? SIZES.at(-1)!;
}
