/** Pictures as bytes. */

/** Images [count, H, W, C] in 0…255. */
export interface Images {
  count: number;
  height: number;
  width: number;
  channels: 1 | 3;
  data: Uint8Array;
}

/**
 * One picture of several, `columns` to a row, `gap` pixels of `background` around and between them;
 * cells that are left over stay background.
 */
export function tileImages(
  { count, height, width, channels, data }: Images,
  { columns, gap = 0, background = 0 }: { columns: number; gap?: number; background?: number },
): Images {
  const across = Math.min(columns, count);
  const rows = Math.ceil(count / across);
  const line = (across * (width + gap) + gap) * channels;
  const grid = new Uint8Array((rows * (height + gap) + gap) * line).fill(background);
  for (let i = 0; i < count; i++) {
    const left = gap + (i % across) * (width + gap);
    const top = gap + Math.floor(i / across) * (height + gap);
    for (let y = 0; y < height; y++) {
      const from = (i * height + y) * width * channels;
      grid.set(data.subarray(from, from + width * channels), (top + y) * line + left * channels);
    }
  }
  return { count: 1, height: grid.length / line, width: line / channels, channels, data: grid };
}
