import {
  chmodSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ModelError } from '@ganport/model';
import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import { type Dataset, loadDataset, memoryDataset } from '../src/data/index.ts';
import type { PictureSettings } from '../src/data/pictures/settings.ts';
import { allImages, folderOf } from './files.ts';

type Files = Record<string, Uint8Array>;

interface Loaded {
  dataset: Dataset;
  notices: string[];
  /** Pictures that were decoded. */
  decoded: number;
}

async function load(
  dataDir: string,
  settings: PictureSettings = {},
  cache = join(dirname(dataDir), 'cache'),
): Promise<Loaded> {
  const notices: string[] = [];
  let decoded = 0;
  const dataset = await loadDataset({
    ...{ source: 'folder', dataDir, ...settings, cache },
    onPrepare: ({ what, done }) => {
      if (what === 'prepared') decoded = done;
    },
    onNotice: (line) => notices.push(line),
  });
  onTestFinished(async () => dataset.close?.());
  return { dataset, notices, decoded };
}

/** A picture of one colour. */
const plain = (colour: string, width = 4, height = width) =>
  sharp({ create: { width, height, channels: 3, background: colour } });

const RED = await plain('#ff0000').png().toBuffer();
const BLUE = await plain('#0000ff').png().toBuffer();
const GREY = await plain('#404040').toColourspace('b-w').png().toBuffer();

test('subfolders are classes in the order of their names, with what is below them', async () => {
  const { dataset } = await load(
    folderOf({ 'b/1.png': BLUE, 'a/deep/er/0.png': RED, 'a/.hidden/x.png': BLUE, 'b/x.txt': RED }),
    { size: 4 },
  );
  expect(dataset).toMatchObject({ name: 'set', count: 2, height: 4, width: 4, channels: 3 });
  expect(dataset.classes).toEqual(['a', 'b']);
  expect([...dataset.labels!]).toEqual([0, 1]);
  const pixels = (colour: number[]) => Array.from({ length: 16 }, () => colour).flat();
  expect([...(await allImages(dataset))]).toEqual([...pixels([255, 0, 0]), ...pixels([0, 0, 255])]);
  expect([...(await dataset.read(Uint32Array.of(1)))]).toEqual(pixels([0, 0, 255]));
  await expect(dataset.read(Uint32Array.of(2))).rejects.toThrow('set has 2 images: got index 2');
});

test('pictures in the folder itself have no classes, and the digest that they have in memory', async () => {
  const { dataset } = await load(folderOf({ '1.png': RED, '0.PNG': BLUE }), { size: 4 });
  expect([dataset.classes, dataset.labels]).toEqual([undefined, undefined]);
  const images = await allImages(dataset);
  const same = memoryDataset({ name: 'set', height: 4, width: 4, channels: 3, images });
  expect(dataset.sha256).toBe(same.sha256);
  expect([...images.subarray(0, 3)]).toEqual([0, 0, 255]);
});

test('PNG, JPEG, WebP and AVIF are read', async () => {
  const picture = plain('#00ff00', 16);
  const files = {
    '0.png': await picture.png().toBuffer(),
    '1.jpg': await picture.jpeg({ quality: 100 }).toBuffer(),
    '2.webp': await picture.webp({ lossless: true }).toBuffer(),
    '3.avif': await picture.avif({ lossless: true }).toBuffer(),
  };
  const { dataset } = await load(folderOf(files), { size: 8 });
  const images = await allImages(dataset);
  for (let i = 0; i < 4; i++) {
    const [r, g, b] = images.subarray(i * 192, i * 192 + 3);
    // JPEG and AVIF round colours.
    expect(r, String(i)).toBeLessThan(4);
    expect(g, String(i)).toBeGreaterThan(251);
    expect(b, String(i)).toBeLessThan(4);
  }
});

/** Left half black, right half white: 8 × 4 pixels. */
const halves = sharp(
  Uint8Array.from({ length: 32 }, (_, i) => (i % 8 < 4 ? 0 : 255)),
  { raw: { width: 8, height: 4, channels: 1 } },
).toColourspace('b-w');

test.each([
  ['crop', [0, 0, 255, 255]],
  ['contain', [255, 255, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255, 255, 255, 255, 255]],
  ['stretch', [0, 0, 255, 255]],
] as const)('a wide picture by %s', async (fit, rows) => {
  const wide = await halves.clone().png().toBuffer();
  const { dataset } = await load(folderOf({ '0.png': wide }), { size: 4, fit });
  const expected = rows.length === 16 ? rows : [...rows, ...rows, ...rows, ...rows];
  const got = [...(await allImages(dataset))];
  expect(dataset.channels).toBe(1);
  // Lanczos rings a little at an edge where it shrinks.
  got.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!), `pixel ${i} of ${got}`).toBeLessThan(30);
  });
});

test('the turn that EXIF says is applied', async () => {
  // 6: what is left in the file is shown at the top.
  const turned = await halves.clone().withMetadata({ orientation: 6 }).png().toBuffer();
  const { dataset } = await load(folderOf({ '0.png': turned }), {
    size: 4,
    fit: 'stretch',
    channels: 1,
  });
  const images = [...(await allImages(dataset))];
  expect(images.slice(0, 4).every((value) => value < 30)).toBe(true);
  expect(images.slice(12).every((value) => value > 225)).toBe(true);
});

test('what is transparent is on white, or on another colour', async () => {
  const raw = { width: 4, height: 4, channels: 4 } as const;
  const clear = await sharp(new Uint8Array(64), { raw }).png().toBuffer();
  const folder = folderOf({ '0.png': clear });
  const white = await load(folder, { size: 4 });
  expect(new Set(await allImages(white.dataset))).toEqual(new Set([255]));
  const black = await load(folder, { size: 4, background: '#000000' });
  expect(new Set(await allImages(black.dataset))).toEqual(new Set([0]));
});

test.each([1, 3] as const)('16 bits become 8, with %s channels', async (channels) => {
  const raw = { width: 4, height: 4, channels };
  const values = Uint16Array.from({ length: 16 * channels }, () => 0x8000);
  const deep = sharp(values, { raw }).toColourspace(channels === 1 ? 'grey16' : 'rgb16');
  const bytes = await deep.png().toBuffer();
  expect((await sharp(bytes).metadata()).depth).toBe('ushort');
  const { dataset } = await load(folderOf({ '0.png': bytes }), { size: 4 });
  expect(dataset.channels).toBe(channels);
  expect(new Set(await allImages(dataset))).toEqual(new Set([128]));
});

test('of mixed sizes and channels all have one: the size most reach, colour where one has it', async () => {
  const files = {
    '0.png': await plain('#123456', 70, 40).png().toBuffer(),
    '1.png': await plain('#123456', 40).png().toBuffer(),
    '2.png': await plain('#123456', 10).png().toBuffer(),
    '3.png': GREY,
  };
  const folder = folderOf(files);
  expect((await load(folder)).dataset).toMatchObject({ height: 28, channels: 3 });
  expect((await load(folder, { channels: 1 })).dataset.channels).toBe(1);
  const most = folderOf({ ...files, '4.png': files['0.png'], '5.png': files['0.png'] });
  expect((await load(most)).dataset).toMatchObject({ height: 32, count: 6 });
  const grey = await load(folderOf({ '0.png': GREY }), { channels: 3, size: 4 });
  expect(new Set(await allImages(grey.dataset))).toEqual(new Set([64]));
});

test('pictures are prepared once, and anew when they are others', async () => {
  const folder = folderOf({ '0.png': RED });
  const first = await load(folder, { size: 4 });
  const again = await load(folder, { size: 4 });
  expect([first.decoded, again.decoded]).toEqual([1, 0]);
  expect(await allImages(again.dataset)).toEqual(await allImages(first.dataset));
  writeFileSync(join(folder, '0.png'), BLUE);
  utimesSync(join(folder, '0.png'), 1, 1);
  const other = await load(folder, { size: 4 });
  expect(other.decoded).toBe(1);
  expect(other.dataset.sha256).not.toBe(first.dataset.sha256);
  // What was opened before goes on with what it had.
  expect((await first.dataset.read(Uint32Array.of(0)))[0]).toBe(255);
  expect(readdirSync(join(dirname(folder), 'cache'))).toHaveLength(1);
});

test.each<[string, (path: string) => void]>([
  ['cut', (path) => truncateSync(path, 20)],
  ['empty', (path) => truncateSync(path, 0)],
  ['changed', (path) => writeFileSync(path, readFileSync(path).fill(7, 3, 4))],
  [
    'of a lying length',
    (path) =>
      writeFileSync(
        path,
        readFileSync(path).fill(255, readFileSync(path).length - 12, readFileSync(path).length - 8),
      ),
  ],
])('a cache that is %s is told and made anew', async (_, damage) => {
  const folder = folderOf({ '0.png': RED });
  const cache = join(dirname(folder), 'cache');
  const { dataset } = await load(folder, { size: 4 });
  damage(join(cache, readdirSync(cache)[0]!));
  const again = await load(folder, { size: 4 });
  expect(again.notices).toEqual([expect.stringMatching(/is damaged: .*prepared anew$/)]);
  expect(again.decoded).toBe(1);
  expect(again.dataset.sha256).toBe(dataset.sha256);
});

const JPEG = await plain('#336699', 64).jpeg().toBuffer();
/** What says that it is a PNG of 12,000 × 12,000 grey pixels. */
function bomb(): Uint8Array {
  const header = Buffer.alloc(17);
  header.write('IHDR');
  header.writeUInt32BE(12_000, 4);
  header.writeUInt32BE(12_000, 8);
  header.set([8, 0, 0, 0, 0], 12);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(13);
  around.writeUInt32BE(crc32(header), 4);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const rest = RED.subarray(RED.indexOf('IDAT') - 4);
  return Buffer.concat([signature, around.subarray(0, 4), header, around.subarray(4), rest]);
}

test.each<[string, Uint8Array, RegExp]>([
  ['a JPEG that is cut', JPEG.subarray(0, JPEG.length / 2), /it is damaged \(.+\)/],
  ['an empty file', new Uint8Array(0), /it is empty: 0 bytes/],
  [
    'SVG',
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    /expected PNG, .*got something/,
  ],
  ['a PNG without an end', RED.subarray(0, 40), /it is damaged \(.+\)/],
])('%s is an error with a remedy, or left out and named', async (_, bytes, why) => {
  const folder = folderOf({ 'a.png': RED, 'b\n\x1b.jpg': bytes, 'c.png': BLUE });
  const error = await load(folder).catch((e) => e);
  expect(error).toBeInstanceOf(ModelError);
  expect(error.message).toMatch(why);
  expect(error.message).toMatch(
    /^cannot train on .*b.*\.jpg.*; remove it, or .*--on-bad-image skip$/,
  );
  expect(error.message).not.toMatch(/\p{Cc}/u);
  expect(readdirSync(join(dirname(folder), 'cache'))).toEqual([]);
  const { dataset, notices } = await load(folder, { onBadImage: 'skip' });
  expect(dataset.count).toBe(2);
  expect(notices).toEqual([expect.stringMatching(why)]);
  // Told the next time as well, when nothing is decoded.
  const again = await load(folder, { onBadImage: 'skip' });
  expect([again.decoded, again.notices]).toEqual([0, notices]);
});

test('labels stay with their pictures where some are left out', async () => {
  const files = { 'a/0.png': new Uint8Array(0), 'a/1.png': RED, 'b/0.png': BLUE };
  const folder = folderOf(files);
  const { dataset, notices } = await load(folder, { size: 4, onBadImage: 'skip' });
  expect([...dataset.labels!].map((label) => dataset.classes![label])).toEqual(['a', 'b']);
  expect(notices).toHaveLength(1);
  truncateSync(join(folder, 'a/1.png'), 0);
  const other = await load(folder, { size: 4, onBadImage: 'skip' });
  expect(other.notices.slice(2)).toEqual(['no picture is left of class "a", which stays a class']);
});

test('20 megapixels are read, and more than a named limit is not', async () => {
  const large = await sharp({
    create: { width: 5000, height: 4000, channels: 3, background: '#abc' },
  })
    .jpeg()
    .toBuffer();
  expect((await load(folderOf({ '0.jpg': large }))).dataset).toMatchObject({ height: 64 });
  await expect(load(folderOf({ '0.png': bomb() }))).rejects.toThrow(
    'it has 12000×12000 pixels; at most 134217728 are read: make it smaller first',
  );
});

test.each<[string, Files, RegExp]>([
  ['nothing', {}, /set has no pictures: expected \.png, .* got nothing$/],
  ['other files', { 'a.txt': RED, 'b.gif': RED }, /has no pictures: .*got "a\.txt", "b\.gif"$/],
  [
    'a class without pictures',
    { 'a/0.png': RED, 'b/x.txt': RED },
    /set\/b has no pictures, and each/,
  ],
  [
    'pictures beside classes',
    { '0.png': RED, 'a/0.png': RED },
    /set has pictures, and so has "a" in it/,
  ],
  ['a class of control characters', { 'a\x1b[2J/0.png': RED }, /is no name of a class: rename it/],
  [
    'nothing that can be read',
    { '0.png': new Uint8Array(0) },
    /none of 1 pictures .*: it is empty/,
  ],
])('a folder with %s is refused', async (_, files, message) => {
  const error = await load(folderOf(files), { onBadImage: 'skip' }).catch((e) => e);
  expect(error).toBeInstanceOf(ModelError);
  expect(error.message).toMatch(message);
  expect(error.message).not.toMatch(/\p{Cc}/u);
});

test('a folder that is a file, is not there, or cannot be read, is refused', async () => {
  const folder = folderOf({ '0.png': RED });
  const message = 'expected a folder, got a file';
  await expect(load(join(folder, '0.png'))).rejects.toThrow(message);
  await expect(load(join(folder, 'other'))).rejects.toThrow('no such file or folder');
  await expect(loadDataset({ source: 'folder' })).rejects.toThrow('with --data folder:PATH');
});

test.skipIf(process.getuid?.() === 0)('a picture without permission is named', async () => {
  const folder = folderOf({ '0.png': RED });
  chmodSync(join(folder, '0.png'), 0);
  await expect(load(folder)).rejects.toThrow(/0\.png.*permission denied/);
});

test('links are followed, but not round in circles', async () => {
  const real = folderOf({ '0.png': RED });
  const folder = folderOf({});
  symlinkSync(real, join(folder, 'linked'));
  expect((await load(folder)).dataset).toMatchObject({ count: 1, classes: ['linked'] });
  symlinkSync(folder, join(real, 'back'));
  await expect(load(folder)).rejects.toThrow(/linked\/back" is a link to ".*set", which it is in/);
  const selfish = folderOf({ '0.png': RED });
  symlinkSync('1.png', join(selfish, '1.png'));
  await expect(load(selfish)).rejects.toThrow(/cannot train on ".*1\.png": .*ELOOP/);
});

test('what cannot be looked at is an error, or left out, if it is called a picture', async () => {
  const folder = folderOf({ 'a/0.png': RED, 'b/0.png': BLUE });
  symlinkSync('nowhere', join(folder, 'a', 'x.png'));
  symlinkSync('nowhere', join(folder, 'a', 'x.txt'));
  writeFileSync(
    Buffer.concat([
      Buffer.from(join(folder, 'b', 'caf')),
      Buffer.from([0xe9]),
      Buffer.from('.png'),
    ]),
    RED,
  );
  await expect(load(folder)).rejects.toThrow(
    /^cannot train on ".*x\.png": .*\(ENOENT\); remove it/,
  );
  const { dataset, notices } = await load(folder, { onBadImage: 'skip' });
  expect([dataset.count, [...dataset.labels!]]).toEqual([2, [0, 1]]);
  expect(notices).toEqual([
    expect.stringMatching(/a\/x\.png": .*no such file/),
    expect.stringMatching(/b\/caf\ufffd\.png": .*a name in its path is not UTF-8: rename it/),
  ]);
  // It may be to a folder, which would be a class.
  symlinkSync('nowhere', join(folder, 'c'));
  await expect(load(folder, { onBadImage: 'skip' })).rejects.toThrow(
    /cannot read ".*\/c": no such/,
  );
});

test('settings of pictures are no settings of other data', async () => {
  await expect(loadDataset({ source: 'glyphs', size: 32 })).rejects.toThrow(
    'size is a setting of pictures, but data source glyphs has images of one size',
  );
});

test.each(['looked at', 'prepared'])('a signal ends it while pictures are %s', async (when) => {
  const png = await plain('red').png().toBuffer();
  const files = Array.from({ length: 9 }, (_, i) => [`${i}.png`, png] as const);
  const dataDir = folderOf(Object.fromEntries(files));
  const cache = join(dirname(dataDir), 'cache');
  const stop = new AbortController();
  const loading = loadDataset({
    ...{ source: 'folder', dataDir, cache, signal: stop.signal },
    onPrepare: ({ what, done }) => {
      expect([what, done]).not.toEqual([when, 3]);
      if (what === when && done === 2) stop.abort('enough');
    },
  });
  await expect(loading).rejects.toBe('enough');
  expect(readdirSync(cache)).toEqual([]);
});

test('a cache that cannot be made or written is told', async () => {
  const folder = folderOf({ '0.png': RED });
  await expect(load(folder, {}, join(folder, '0.png', 'cache'))).rejects.toThrow(
    /cannot make the folder .* for prepared pictures: .*ENOTDIR/,
  );
});
