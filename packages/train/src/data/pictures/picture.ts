/** One picture: what it is, and its pixels in the size that is trained on. */
import { ModelError } from '@ganport/model';
import sharp, { type Sharp } from 'sharp';
import type { PictureSettings } from './settings.ts';

/** Most pixels of a picture. A PNG of 100 kB can hold a thousand million; cameras' pictures have up to 100 million. */
const MAX_PIXELS = 2 ** 27;

/** Largest file of a picture: 16-bit PNGs of MAX_PIXELS in colour are about as large. */
export const MAX_PICTURE_BYTES = 2 ** 29;

/** What files begin with. sharp reads more formats, SVG among them, which can name other files. */
const FORMATS: readonly ((head: string) => boolean)[] = [
  (head) => head.startsWith('\x89PNG\r\n\x1a\n'),
  (head) => head.startsWith('\xff\xd8\xff'),
  (head) => head.startsWith('RIFF') && head.startsWith('WEBP', 8),
  (head) => head.startsWith('ftyp', 4) && /avi[fs]/.test(head),
];

/** Bytes that tell a format; AVIF's brands may come after others. */
const HEAD_BYTES = 64;

/** What all pictures become, see `PictureSettings`. */
export interface Form {
  height: number;
  width: number;
  fit: NonNullable<PictureSettings['fit']>;
  channels: 1 | 3;
  background: string;
}

/** @throws ModelError that says why it is no picture */
function open(bytes: Uint8Array): Sharp {
  if (bytes.length === 0) throw new ModelError('it is empty: 0 bytes');
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD_BYTES));
  if (!FORMATS.some((fits) => fits(head.toString('latin1')))) {
    throw new ModelError('expected PNG, JPEG, WebP or AVIF, got something else');
  }
  // Warnings count: where part of a picture is damaged, libjpeg makes up the rest.
  return sharp(bytes, { limitInputPixels: false, failOn: 'warning', sequentialRead: true });
}

export interface Survey {
  /** Pixels of its shorter side. */
  side: number;
  grey: boolean;
}

/**
 * What a picture's header says, without its pixels being decoded.
 * @throws ModelError that says why it cannot be read
 */
export async function surveyPicture(bytes: Uint8Array): Promise<Survey> {
  const { width, height, channels, space } = await metadataOf(open(bytes));
  return { side: Math.min(width, height), grey: channels <= 2 && /^(b-w|grey16)$/.test(space) };
}

/**
 * A picture's pixels, bytes [height, width, channels]: turned as EXIF says, on the background where it is
 * transparent, 8 bits of 16, the first of several frames.
 * @throws ModelError that says why it cannot be read
 */
export async function drawPicture(bytes: Uint8Array, form: Form): Promise<Uint8Array> {
  const picture = open(bytes);
  await metadataOf(picture);
  const { height, width, channels, background } = form;
  const fit = ({ crop: 'cover', contain: 'contain', stretch: 'fill' } as const)[form.fit];
  const drawn = picture
    .autoOrient()
    .flatten({ background })
    .resize(width, height, { fit, background })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw({ depth: 'uchar' });
  const { data, info } = await drawn.toBuffer({ resolveWithObject: true }).catch(explain);
  if (info.channels === channels) return data;
  throw new ModelError(`expected pixels of ${channels} channels, got ${info.channels}`);
}

async function metadataOf(picture: Sharp) {
  const metadata = await picture.metadata().catch(explain);
  const { width, height } = metadata;
  if (width * height <= MAX_PIXELS) return metadata;
  throw new ModelError(
    `it has ${width}×${height} pixels; at most ${MAX_PIXELS} are read: make it smaller first`,
  );
}

/** libvips tells several things, a line each; the last is what ended it. */
function explain(error: Error): never {
  const lines = error.message.trim().split('\n');
  throw new ModelError(`it is damaged (${lines.at(-1)})`, { cause: error });
}
