/** The pictures of a run folder's samples, as numbers again: with 256 levels, which is near enough. */
import { numbersOf } from '@ganport/model';
import sharp from 'sharp';
import { SIZE } from './runs.ts';

const COLUMNS = 8;
const GAP = 1;

/** Images [64, C, H, W] in −1…1 of a PNG that training wrote. */
export async function readGrid(path: string, channels: 1 | 3): Promise<Float32Array> {
  const across = COLUMNS * (SIZE + GAP) + GAP;
  // Enlarged by whole times: each pixel is a square.
  const { data, info } = await sharp(path)
    .resize({ width: across, height: across, kernel: 'nearest' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const bytes = new Uint8Array(COLUMNS * COLUMNS * SIZE * SIZE * channels);
  let at = 0;
  for (let i = 0; i < COLUMNS * COLUMNS; i++) {
    const [left, top] = [i % COLUMNS, Math.trunc(i / COLUMNS)].map((n) => GAP + n * (SIZE + GAP));
    for (let pixel = 0; pixel < SIZE * SIZE; pixel++) {
      const [x, y] = [left! + (pixel % SIZE), top! + Math.trunc(pixel / SIZE)];
      const from = (y * across + x) * info.channels;
      // Grey ones may be stored in three channels.
      for (let channel = 0; channel < channels; channel++) bytes[at++] = data[from + channel]!;
    }
  }
  return numbersOf(bytes, [channels, SIZE, SIZE]);
}
