/** Pictures of any size as images of one, decoded by the browser. */
import { ModelError } from '@ganport/model';
import type { MemoryImages } from '../data/images.ts';

export interface PictureOptions {
  /** Height and width that all are brought to, 4 to 256. */
  size: number;
  channels: 1 | 3;
}

/** So many of 64 × 64 in colour are 250 MB. */
const MAX_PICTURES = 20_000;

/** Of red, green and blue in grey: Rec. 601, as image formats have it. */
const GREY = [0.299, 0.587, 0.114] as const;

/** The middle square of each picture. @throws ModelError if there is none, or too many */
export async function readPictures(
  files: readonly File[],
  { size, channels }: PictureOptions,
  onNotice?: (line: string) => void,
): Promise<MemoryImages> {
  if (files.length > MAX_PICTURES) {
    throw new ModelError(`expected at most ${MAX_PICTURES} pictures, got ${files.length}`);
  }
  const bytes = channels * size * size;
  const images = new Uint8Array(files.length * bytes);
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  const refused: string[] = [];
  let count = 0;
  for (const file of files) {
    const picture = await createImageBitmap(file).catch(() => undefined);
    if (!picture) {
      refused.push(file.name);
      continue;
    }
    const { width, height } = picture;
    const side = Math.min(width, height);
    // What is transparent is black.
    context.clearRect(0, 0, size, size);
    const [left, top] = [(width - side) / 2, (height - side) / 2];
    context.drawImage(picture, left, top, side, side, 0, 0, size, size);
    picture.close();
    const pixels = context.getImageData(0, 0, size, size).data;
    toImage(images.subarray(count * bytes, (count + 1) * bytes), pixels, channels);
    count += 1;
  }
  const [first] = refused;
  if (count === 0) {
    throw new ModelError(
      first === undefined
        ? 'expected at least one picture, got none'
        : `${first}: not a picture that this browser can read`,
    );
  }
  if (first !== undefined) {
    onNotice?.(`${refused.length} files are left out, as they are no pictures: ${first}, …`);
  }
  const used = images.slice(0, count * bytes);
  return { name: 'pictures', height: size, width: size, channels, images: used };
}

/** [H, W, 4] → [H, W, channels]. */
function toImage(image: Uint8Array, pixels: Uint8ClampedArray, channels: 1 | 3): void {
  for (let from = 0, to = 0; from < pixels.length; from += 4) {
    const [r, g, b] = [pixels[from]!, pixels[from + 1]!, pixels[from + 2]!];
    if (channels === 1) image[to++] = Math.round(GREY[0] * r + GREY[1] * g + GREY[2] * b);
    else {
      image[to++] = r;
      image[to++] = g;
      image[to++] = b;
    }
  }
}
