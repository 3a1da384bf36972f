/** How the pictures of the same latents changed, as an animated WebP. */
import { ModelError } from '@ganport/model';
import sharp from 'sharp';
import { pictures, readPicture, spread } from './read-run.ts';

/** Of more pictures as many are shown: a film of seconds, of some megabytes. */
const MOST_FRAMES = 120;
/** The last picture is looked at for a while. */
const LAST_MS = 2000;

export interface FilmOptions {
  /** Frames a second. */
  fps?: number;
  /** Told in one line of each picture that is left out. */
  onNotice?: (line: string) => void;
}

/**
 * The film of a run's pictures, lossless. Those that cannot be read, or are of another size than the first, are left
 * out.
 * @throws ModelError if no picture is left
 */
export async function film(
  folder: string,
  { fps = 8, onNotice }: FilmOptions = {},
): Promise<Uint8Array> {
  const frames: Buffer[] = [];
  let first: { width: number; height: number } | undefined;
  for (const picture of spread(await pictures(folder), MOST_FRAMES)) {
    try {
      const png = await readPicture(picture);
      // All of it is decoded: it may be cut.
      const { info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
      const { width, height } = info;
      first ??= { width, height };
      if (width !== first.width || height !== first.height) {
        throw new Error(
          `expected ${first.width} × ${first.height} pixels, got ${width} × ${height}`,
        );
      }
      frames.push(png);
    } catch (error) {
      onNotice?.(`${picture.path} is left out: ${(error as Error).message}`);
    }
  }
  if (frames.length === 0) throw new ModelError(`${folder} has no pictures to make a film of yet`);
  const delay = frames.map((_, i) => (i === frames.length - 1 ? LAST_MS : Math.round(1000 / fps)));
  // One alone is no animation to sharp.
  const input =
    frames.length === 1 ? sharp(frames[0]) : sharp(frames, { join: { animated: true } });
  return input.webp({ lossless: true, loop: 0, delay }).toBuffer();
}
