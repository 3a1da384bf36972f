/** Films of a run's pictures, decoded again. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { film } from '../src/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganport-film-'));
  mkdirSync(join(folder, 'samples'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const SIZE = { width: 12, height: 8 };

function picture(red: number, size = SIZE): Promise<Buffer> {
  const background = { r: red, g: 1, b: 2 };
  return sharp({ create: { ...size, channels: 3, background } })
    .png()
    .toBuffer();
}

const save = (step: number, png: Uint8Array) =>
  writeFileSync(join(folder, 'samples', `step-${String(step).padStart(6, '0')}.png`), png);

/** How many frames, and red of each one's first pixel. */
async function frames(webp: Uint8Array) {
  const { pages = 1, delay, loop, pageHeight } = await sharp(webp, { animated: true }).metadata();
  const { data, info } = await sharp(webp, { animated: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const size = data.length / pages;
  const reds = Array.from({ length: pages }, (_, i) => data[i * size]);
  return { reds, delay, loop, width: info.width, height: pageHeight ?? info.height };
}

test('each picture is a frame, in order of steps, without loss; the last stays', async () => {
  const reds = [9, 60, 200, 35];
  for (const [i, red] of reds.entries()) save(i * 70_000, await picture(red));
  const told: string[] = [];
  const webp = await film(folder, { fps: 10, onNotice: (line) => told.push(line) });
  expect(await frames(webp)).toEqual({ reds, delay: [100, 100, 100, 2000], loop: 0, ...SIZE });
  expect(told).toEqual([]);
});

test('pictures that are damaged, cut or of another size are left out, and told', async () => {
  const whole = await picture(60);
  save(1, await picture(9));
  save(2, whole.subarray(0, whole.length - 30));
  save(3, Buffer.from('no picture'));
  save(4, await picture(1, { width: 9, height: 9 }));
  save(5, whole);
  const told: string[] = [];
  const webp = await film(folder, { onNotice: (line) => told.push(line) });
  expect((await frames(webp)).reds).toEqual([9, 60]);
  expect(told).toHaveLength(3);
  for (const line of told) expect(line).toMatch(/step-00000[234]\.png is left out: [^\n]+$/);
  expect(told[2]).toContain('expected 12 × 8 pixels, got 9 × 9');
});

test('one picture is a film of one, none is an error, and of many there are not all', async () => {
  await expect(film(folder)).rejects.toThrow(/has no pictures/);
  save(1, await picture(9));
  expect((await frames(await film(folder))).reds).toEqual([9]);
  // Frames that are the same as the one before would be one: those two steps apart are not.
  const between = await Promise.all([50, 60, 70].map((red) => picture(red)));
  for (let step = 2; step < 130; step++) save(step, between[step % 3]!);
  save(130, await picture(130));
  const { reds } = await frames(await film(folder));
  expect(reds).toHaveLength(120);
  expect([reds[0], reds.at(-1)]).toEqual([9, 130]);
});
