import type { Images } from '@ganport/model';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { encodeAnimation, encodeImages } from '../src/node.ts';
import { decodePicture } from './fixture.ts';

/** Each level tells its place: picture, row, column and channel. */
function pictures(count: number, channels: 1 | 3): Images {
  const [height, width] = [2, 3];
  const data = Uint8Array.from(
    { length: count * height * width * channels },
    (_, i) => (i * 7) % 256,
  );
  return { count, height, width, channels, data };
}

describe.each(['png', 'webp'] as const)('%s', (format) => {
  test.each([1, 3] as const)('holds one picture of %i channels exactly', async (channels) => {
    const images = pictures(1, channels);
    const decoded = await decodePicture(await encodeImages(images, format));
    expect(decoded).toMatchObject({
      width: 3,
      height: 2,
      channels: format === 'png' ? channels : 3,
    });
    // WebP has no grey: three equal channels.
    const levels = Array.from(images.data).flatMap((level) =>
      decoded.channels === channels ? level : [level, level, level],
    );
    expect(Array.from(decoded.data)).toEqual(levels);
  });
});

test.each([1, 3] as const)(
  'a png that is not made at once, of %i channels, is exact',
  async (channels) => {
    const [height, width] = [290, 300];
    const data = Uint8Array.from({ length: height * width * channels }, (_, i) => (i * i) >> 7);
    const images = { count: 1, height, width, channels, data };
    const decoded = await decodePicture(await encodeImages(images, 'png'));
    expect(decoded).toMatchObject({ width, height, channels });
    expect(Buffer.from(decoded.data).equals(data)).toBe(true);
  },
);

test('several pictures become a grid, row by row, unused cells black', async () => {
  const images = pictures(5, 3);
  const { data, width, height } = await decodePicture(
    await encodeImages(images, 'png', { columns: 3 }),
  );
  expect({ width, height }).toEqual({ width: 9, height: 4 });
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const picture = Math.floor(y / 2) * 3 + Math.floor(x / 3);
      const from = ((picture * 2 + (y % 2)) * 3 + (x % 3)) * 3;
      const level = Array.from(images.data.subarray(from, from + 3));
      const at = (y * width + x) * 3;
      expect(Array.from(data.subarray(at, at + 3))).toEqual(picture < 5 ? level : [0, 0, 0]);
    }
  }
});

test('a scaled pixel is a square of itself', async () => {
  const images = pictures(1, 1);
  const { data, width } = await decodePicture(await encodeImages(images, 'png', { scale: 3 }));
  expect(width).toBe(9);
  data.forEach((level, i) => {
    const [x, y] = [i % 9, Math.floor(i / 9)];
    expect(level).toBe(images.data[Math.floor(y / 3) * 3 + Math.floor(x / 3)]);
  });
});

test('a grid that the format cannot hold is refused with a remedy', async () => {
  const tall = {
    count: 9000,
    height: 2,
    width: 3,
    channels: 1,
    data: new Uint8Array(54_000),
  } as const;
  const refused = encodeImages(tall, 'webp', { columns: 1 });
  await expect(refused).rejects.toThrow('3 × 18000 pixels is too large for webp (16383 a side)');
});

test.each<[string, string, object, string]>([
  ['jpg', 'a format there is not', {}, 'expected one of "png", "webp", "npy", "raw", got "jpg"'],
  ['PNG', 'a format in capitals', {}, 'got "PNG"'],
  ['png', 'no columns', { columns: 0 }, 'columns: expected an integer from 1'],
  ['webp', 'half a scale', { scale: 0.5 }, 'scale: expected an integer from 1'],
])('%s with %s is refused by name', async (format, _, options, message) => {
  const refused = encodeImages(pictures(2, 1), format as 'png', options);
  await expect(refused).rejects.toThrow(message);
});

test('npy starts with a header that NumPy reads, aligned to 64 bytes', async () => {
  const images = pictures(4, 3);
  const file = Buffer.from(await encodeImages(images, 'npy'));
  // The format's own description: magic, version, little-endian header length, header, data.
  expect(file.subarray(0, 8).toString('latin1')).toBe('\x93NUMPY\x01\x00');
  const start = 10 + file.readUInt16LE(8);
  expect(start % 64).toBe(0);
  const header = file.subarray(10, start).toString('latin1');
  expect(header).toMatch(
    /^\{'descr': '\|u1', 'fortran_order': False, 'shape': \(4, 2, 3, 3\), \} *\n$/,
  );
  expect(new Uint8Array(file.subarray(start))).toEqual(images.data);
});

test('an animation has each picture as a frame, enlarged within it', async () => {
  const data = Uint8Array.from({ length: 3 * 2 * 2 * 3 }, (_, i) => i * 7);
  const images = { count: 3, height: 2, width: 2, channels: 3, data } as const;
  const webp = await encodeAnimation(images, { fps: 20, scale: 2 });
  const animation = sharp(webp, { animated: true });
  expect(await animation.metadata()).toMatchObject({
    ...{ format: 'webp', pages: 3, width: 4, pageHeight: 4, loop: 0 },
  });
  const { data: shown, info } = await animation
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([4, 12, 3]);
  const pixel = (x: number, y: number) => [...shown.subarray((y * 4 + x) * 3, (y * 4 + x) * 3 + 3)];
  for (let y = 0; y < 12; y++) {
    for (let x = 0; x < 4; x++) {
      const at = (Math.floor(y / 2) * 2 + Math.floor(x / 2)) * 3;
      expect(pixel(x, y)).toEqual([...data.subarray(at, at + 3)]);
    }
  }
});

test('an animation of more pixels than there may be is refused before they are made', async () => {
  const images = { ...pictures(1, 1), count: 4096, width: 28, height: 28 };
  await expect(encodeAnimation(images, { fps: 12, scale: 64 })).rejects.toThrow(
    '4096 frames of 1792 × 1792 pixels are too large: at most 268402689 pixels together',
  );
});
