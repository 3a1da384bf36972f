/** How pictures of any size become images of one. */
import * as z from 'zod';

export const pictureSettings = z.strictObject({
  size: z
    .int()
    .min(4)
    .max(1024)
    .describe(
      'height and width that pictures are given, in pixels; by default the largest of 28, 32 and 64 that the shorter side of most pictures reaches, 28 for smaller ones',
    )
    .optional(),
  fit: z
    .enum(['crop', 'contain', 'stretch'])
    .describe(
      '`crop` keeps the middle of pictures, `contain` the whole on the background, `stretch` no proportions; `crop` by default',
    )
    .optional(),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .describe('1 for grey, 3 for colour; by default 1 where all pictures are grey')
    .optional(),
  background: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, { error: 'expected a colour such as "#ffffff"' })
    .describe(
      'the colour behind what is transparent, and around what `contain` leaves free; white by default',
    )
    .optional(),
  onBadImage: z
    .enum(['fail', 'skip'])
    .describe(
      'what a picture that cannot be read does: end everything, or be left out and named; `fail` by default',
    )
    .optional(),
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
