/** Pictures to files: PNG and WebP for people, NPY and raw bytes for programs. */
import { type Images, quote, rangeReason, tileImages } from '@ganport/model';
import sharp from 'sharp';
import { SampleError } from './error.ts';
import { encodePng } from './png.ts';

export const IMAGE_FORMATS = ['png', 'webp', 'npy', 'raw'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

export interface EncodeOptions {
  /** Of the grid that PNG and WebP lay several pictures out in; a square one unless given. */
  columns?: number;
  /** Each pixel becomes scale × scale pixels. PNG and WebP only. */
  scale?: number;
}

/**
 * Encodes pictures. PNG and WebP (both lossless) hold one picture: several become a grid, row by
 * row, its unused cells black. NPY is uint8 [N, H, W, C]; raw is the same bytes without a header.
 * @throws SampleError for another format, for columns or a scale that are no whole numbers from 1, and if the
 * grid is larger than the format allows
 */
export async function encodeImages(
  images: Images,
  format: ImageFormat,
  { columns = Math.ceil(Math.sqrt(images.count)), scale = 1 }: EncodeOptions = {},
): Promise<Uint8Array> {
  if (!IMAGE_FORMATS.includes(format)) {
    const known = IMAGE_FORMATS.map(quote).join(', ');
    throw new SampleError(`the format: expected one of ${known}, got ${quote(String(format))}`);
  }
  for (const [name, value] of Object.entries({ columns, scale })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new SampleError(`${name}: ${rangeReason(1, MAX_PNG_SIDE, value)}`);
    }
  }
  if (format === 'raw') return images.data;
  if (format === 'npy') return encodeNpy(images);
  const { width, height, channels, data } = tileImages(images, { columns });
  const largest = format === 'webp' ? MAX_WEBP_SIDE : MAX_PNG_SIDE;
  if (Math.max(width, height) * scale > largest) {
    throw new SampleError(
      `a grid of ${width * scale} × ${height * scale} pixels is too large for ${format} (${largest} a side): draw fewer pictures, or choose npy or raw`,
    );
  }
  if (format === 'png' && scale === 1) return encodePng({ width, height, channels, data });
  const picture = sharp(data, { raw: { width, height, channels } });
  if (scale > 1) picture.resize(width * scale, height * scale, { kernel: 'nearest' });
  if (channels === 1) picture.toColourspace('b-w');
  return format === 'png' ? picture.png().toBuffer() : picture.webp({ lossless: true }).toBuffer();
}

/** Of a picture, or of all frames of an animation together: sharp's own limit. */
export const MAX_PIXELS = 16_383 ** 2;

/**
 * Encodes pictures as frames of an animated WebP (lossless) that is shown again and again.
 * @param fps frames a second
 * @throws SampleError if they are larger than the format allows
 */
export async function encodeAnimation(
  { count, height, width, channels, data }: Images,
  { fps, scale = 1 }: { fps: number; scale?: number },
): Promise<Uint8Array> {
  if (Math.max(width, height) * scale > MAX_WEBP_SIDE) {
    throw new SampleError(
      `frames of ${width * scale} × ${height * scale} pixels are too large for webp (${MAX_WEBP_SIDE} a side)`,
    );
  }
  const pixels = count * height * width * scale ** 2;
  if (pixels > MAX_PIXELS) {
    throw new SampleError(
      `${count} frames of ${width * scale} × ${height * scale} pixels are too large: at most ${MAX_PIXELS} pixels together`,
    );
  }
  const frames = new Uint8Array(count * height * width * scale * scale * channels);
  const size = frames.length / count;
  for (let i = 0; i < count; i++) {
    const frame = data.subarray(i * height * width * channels, (i + 1) * height * width * channels);
    frames.set(enlarge(frame, { width, channels }, scale), i * size);
  }
  const raw = { width: width * scale, height: height * scale * count, channels } as const;
  return sharp(frames, { raw: { ...raw, pageHeight: height * scale } })
    .webp({
      lossless: true,
      loop: 0,
      delay: Array.from({ length: count }, () => Math.round(1000 / fps)),
    })
    .toBuffer();
}

/** Each pixel scale × scale times: sharp would enlarge over the border between two frames. */
function enlarge(
  frame: Uint8Array,
  { width, channels }: Pick<Images, 'width' | 'channels'>,
  scale: number,
): Uint8Array {
  const row = width * scale * channels;
  const height = frame.length / (width * channels);
  const large = new Uint8Array(row * height * scale);
  for (let i = 0; i < large.length; i++) {
    const [y, x] = [Math.floor(i / row), i % row];
    const from = Math.floor(y / scale) * width + Math.floor(x / (channels * scale));
    large[i] = frame[from * channels + (x % channels)]!;
  }
  return large;
}

/** WebP stores sides in 14 bits. */
const MAX_WEBP_SIDE = 16_383;
/** Two such sides stay within sharp's own limit of 2^28 pixels. */
const MAX_PNG_SIDE = 16_384;

/** NumPy's format, version 1.0: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
function encodeNpy({ count, height, width, channels, data }: Images): Uint8Array {
  const shape = `(${count}, ${height}, ${width}, ${channels})`;
  const dictionary = `{'descr': '|u1', 'fortran_order': False, 'shape': ${shape}, }`;
  // The data start at a multiple of 64 bytes; magic, version and length take 10, the newline 1.
  const padding = (64 - ((dictionary.length + 11) % 64)) % 64;
  const header = Buffer.from(`\x93NUMPY\x01\0\0\0${dictionary}${' '.repeat(padding)}\n`, 'latin1');
  header.writeUInt16LE(header.length - 10, 8);
  return Buffer.concat([header, data]);
}
