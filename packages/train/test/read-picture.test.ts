/** A picture file as an image of a model's size. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { readPicture } from '../src/invert/read-picture.ts';
import { temporaryFolder } from './files.ts';

const create = { width: 5000, height: 4000, channels: 3, background: '#808080' } as const;

test('20 megapixels become an image that is not square, as colour or grey', async () => {
  const path = join(temporaryFolder(), 'large.jpg');
  writeFileSync(path, await sharp({ create }).jpeg({ quality: 100 }).toBuffer());
  const colour = await readPicture(path, { height: 3, width: 7, channels: 3 });
  expect([...colour]).toEqual(Array.from({ length: 21 }, () => [128, 128, 128]).flat());
  expect(await readPicture(path, { height: 3, width: 7, channels: 1 })).toHaveLength(21);
});

test('its middle is taken, unless all of it is asked for', async () => {
  const path = join(temporaryFolder(), 'wide.png');
  // Black, white, black: the middle is white.
  const data = Uint8Array.from({ length: 6 * 2 }, (_, i) => (i % 6 < 2 || i % 6 > 3 ? 0 : 255));
  const raw = { width: 6, height: 2, channels: 1 } as const;
  writeFileSync(path, await sharp(data, { raw }).png().toBuffer());
  const size = { height: 2, width: 2, channels: 1 } as const;
  expect([...(await readPicture(path, size))]).toEqual([255, 255, 255, 255]);
  const whole = await readPicture(path, { ...size, width: 6, fit: 'stretch' });
  expect([...whole]).toEqual([...data]);
});
