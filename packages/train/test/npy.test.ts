import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import { expect, test } from 'vitest';
import { loadDataset } from '../src/data/index.ts';
import { loadNpy } from '../src/data/npy/npy-dataset.ts';
import type { NpyOptions } from '../src/data/npy/settings.ts';
import { allImages, temporaryFolder } from './files.ts';
import { mutations } from './mutations.ts';
import { npy, zip } from './npy.ts';

function load(bytes: Uint8Array, options?: NpyOptions, name = 'set.npz') {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  return loadNpy(path, options);
}

const SIX = [1, 2, 3, 4, 5, 6];
/** Two images of one pixel in colour, their channels first: reds, greens, blues of each. */
test.each<[string, Buffer, object, number[]]>([
  ['[N, H, W]', npy([3, 1, 2], SIX), { count: 3, height: 1, width: 2, channels: 1 }, SIX],
  ['[N, H, W, C]', npy([1, 1, 2, 3], SIX), { count: 1, width: 2, channels: 3 }, SIX],
  ['[N, C, H, W]', npy([1, 3, 1, 2], SIX), { width: 2, channels: 3 }, [1, 3, 5, 2, 4, 6]],
  ['version 2', npy([3, 1, 2], SIX, { version: 2 }), { count: 3 }, SIX],
  ['version 3', npy([3, 1, 2], SIX, { version: 3 }), { count: 3 }, SIX],
  // Element [n, h, w] is at n + 3(h + w).
  ['Fortran’s order', npy([3, 1, 2], SIX, { fortran: true }), { count: 3 }, [1, 4, 2, 5, 3, 6]],
])('uint8 of %s', async (_, bytes, expected, pixels) => {
  const dataset = await load(bytes, {}, 'set.npy');
  expect(dataset).toMatchObject({ name: 'set', ...expected });
  expect([...(await allImages(dataset))]).toEqual(pixels);
  expect(dataset.labels).toBeUndefined();
});

// Made by NumPy 2: np.savez_compressed(f, x=np.asfortranarray(np.arange(12, dtype=np.uint8).reshape(3, 2, 2)),
// y=np.array([7, 300, 7], '>i4')), in base64.
const BY_NUMPY = [
  'UEsDBC0AAAAIAAAAIQDLrpxh//////////8FABQAeC5ucHkBABAAjAAAAAAAAABTAAAAAAAAAJvsF+obEMnIUMZQrZ',
  '6SWpxcpG6loF5Taqiuo6Cell9UUpSYF59flJIKEg8pKk0FChdnJBakArkaxjoKRkCkqaNQq0Am4GJg4WBi42Jk5WRm',
  '5wYAUEsDBC0AAAAIAAAAIQBBYXIv//////////8FABQAeS5ucHkBABAAjAAAAAAAAABOAAAAAAAAAJvsF+obEMnIUM',
  'ZQrZ6SWpxcpG6loG6XaaKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6mjoKtQoUAC4GBgZ2BgZGHRAN',
  'AFBLAQItAy0AAAAIAAAAIQDLrpxhUwAAAIwAAAAFAAAAAAAAAAAAAACAAQAAAAB4Lm5weVBLAQItAy0AAAAIAAAAIQ',
  'BBYXIvTgAAAIwAAAAFAAAAAAAAAAAAAACAAYoAAAB5Lm5weVBLBQYAAAAAAgACAGYAAAAPAQAAAAA=',
].join('');

test('an archive that NumPy wrote', async () => {
  const dataset = await load(Buffer.from(BY_NUMPY, 'base64'));
  expect(dataset).toMatchObject({ count: 3, height: 2, width: 2, classes: ['7', '300'] });
  expect([...(await allImages(dataset))]).toEqual(Array.from({ length: 12 }, (_, i) => i));
  expect([...dataset.labels!]).toEqual([0, 1, 0]);
});

const IMAGES = npy([3, 1, 2], SIX);

test.each<[string, Record<string, Buffer>, boolean]>([
  ['x and y', { 'x.npy': IMAGES, 'y.npy': npy([3], [4, 0, 4]) }, false],
  ['packed', { 'x.npy': IMAGES, 'y.npy': npy([3], [4, 0, 4]) }, true],
  ['images, labels [N, 1]', { 'labels.npy': npy([3, 1], [4, 0, 4]), 'images.npy': IMAGES }, true],
  [
    'int64 labels without names',
    {
      'arr_0.npy': IMAGES,
      'arr_1.npy': npy([3], BigInt64Array.of(4n, 0n, 4n), { descr: '<i8' }),
    },
    false,
  ],
])('an archive of %s', async (_, files, packed) => {
  const dataset = await load(zip(files, packed));
  expect([...(await allImages(dataset))]).toEqual(SIX);
  expect([...dataset.labels!].map((label) => dataset.classes![label])).toEqual(['4', '0', '4']);
});

test('more than 256 classes have labels of 16 bits', async () => {
  const count = 300;
  const labels = npy(
    [count],
    Uint16Array.from({ length: count }, (_, i) => i),
    { descr: '<u2' },
  );
  const images = npy([count, 1, 1], new Uint8Array(count));
  const dataset = await load(zip({ 'x.npy': images, 'y.npy': labels }));
  expect(dataset.labels).toEqual(Uint16Array.from({ length: count }, (_, i) => i));
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('of %s no range is told', async (number) => {
  const bytes = npy([3, 1, 1], Float32Array.of(0, number, 1), { descr: '<f4' });
  const told: string[] = [];
  const loading = load(bytes, { onRange: (line) => told.push(line) }, 'set.npy');
  await expect(loading).rejects.toThrow(`element 1: expected a finite number, got ${number}`);
  expect(told).toEqual([]);
});

test('floats are read where their range is said', async () => {
  const unit = npy([1, 1, 3], Float32Array.of(0, 0.5, 1), { descr: '<f4' });
  expect([...(await allImages(await load(unit, { range: '0..1' })))]).toEqual([0, 128, 255]);
  const signed = npy([1, 1, 3], Float64Array.of(-1, 0, 1), { descr: '<f8' });
  expect([...(await allImages(await load(signed, { range: '-1..1' })))]).toEqual([0, 128, 255]);
  await expect(load(unit)).rejects.toThrow(
    /expected an array of type uint8, got f4: say what its floats mean with --range 0\.\.1, 0\.\.255 or/,
  );
  const beyond = npy([1, 1, 1], Float32Array.of(255), { descr: '<f4' });
  await expect(load(beyond, { range: '0..1' })).rejects.toThrow(
    'element 0: expected a number of 0..1, got 255',
  );
  await expect(load(IMAGES, { range: '0..1' })).rejects.toThrow('the array is of bytes');
  await expect(loadDataset({ source: 'glyphs', range: '0..1' })).rejects.toThrow(
    'range is a setting',
  );
});

test.each([
  [[-0.5, 0, 1], '-1..1', [64, 128, 255]],
  [[0, 0.5, 1], '0..1', [0, 128, 255]],
  [[0, 1.5, 255], '0..255', [0, 2, 255]],
])('floats %j seem to be of %s to who is told so', async (floats, range, bytes) => {
  const array = npy([1, 1, 3], Float32Array.from(floats), { descr: '<f4' });
  const said: string[] = [];
  const dataset = await load(array, { onRange: (line) => said.push(line) });
  expect([...(await allImages(dataset))]).toEqual(bytes);
  expect(said).toEqual([
    expect.stringMatching(
      new RegExp(`has floats from ${floats[0]} to ${floats[2]}: they are taken to be of ${range}$`),
    ),
  ]);
});

const corrupt = zip({ 'x.npy': IMAGES });
corrupt[45] = 0;

test.each<[string, Buffer, RegExp]>([
  ['nothing', Buffer.alloc(0), /not a \.npy array/],
  ['an archive without its end', zip({ 'x.npy': IMAGES }).subarray(0, 99), /its end is missing/],
  ['an archive with a flipped bit', corrupt, /"x\.npy" is damaged: its checksum is another/],
  [
    'two arrays of a name',
    Buffer.from(
      zip({ 'x.npy': IMAGES, 'z.npy': IMAGES }).toString('latin1').replaceAll('z.npy', 'x.npy'),
      'latin1',
    ),
    /set\.npz: two arrays are called "x"$/,
  ],
  ['other arrays', zip({ 'z.npy': IMAGES }), /expected an array "x" or .*got "z"$/],
  ['a cut array', IMAGES.subarray(0, -1), /expected 6 bytes for its shape \[3,1,2\] of u1, got 5/],
  ['objects', npy([1], [], { descr: '|O' }), /expected an array of numbers, got "\|O"/],
  ['strings', npy([1], [], { descr: '<U5' }), /expected an array of numbers, got "<U5"/],
  [
    'integers',
    npy([1, 1, 1], [1, 0], { descr: '<i2' }),
    /expected an array of type uint8, got i2$/,
  ],
  ['one dimension', npy([6], SIX), /expected images \[N, H, W\], .*got \[6\]/],
  ['two channels', npy([1, 2, 1, 2], [1, 2, 3, 4]), /expected images of 1 or 3 channels/],
  ['no images', npy([0, 28, 28], []), /it has no images/],
  ['version 9', npy([3, 1, 2], SIX, { version: 9 as 1 }), /version 9 of \.npy; expected 1, 2 or 3/],
  [
    'fewer labels',
    zip({ 'x.npy': IMAGES, 'y.npy': npy([2], [0, 1]) }),
    /expected 3 labels.*got \[2\]/,
  ],
  [
    'negative labels',
    zip({ 'x.npy': IMAGES, 'y.npy': npy([3], [255, 0, 1], { descr: '|i1' }) }),
    /"y": label 0: expected a whole number from 0 on, got -1/,
  ],
  [
    'labels that are no numbers of classes',
    zip({ 'x.npy': IMAGES, 'y.npy': npy([3], Float32Array.of(0, 0.5, 1), { descr: '<f4' }) }),
    /label 1: expected a whole number from 0 on, got 0\.5/,
  ],
  [
    'a bomb',
    zip({ 'x.npy': Buffer.alloc(2 ** 27) }, true),
    /"x\.npy" has 134217728 bytes; at most 67108864 are read/,
  ],
])('a file with %s is refused', async (_, bytes, message) => {
  const error = await load(bytes).catch((e) => e);
  expect(error).toBeInstanceOf(ModelError);
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain('\n');
});

test.each([
  ['npy', IMAGES],
  ['npz', zip({ 'x.npy': IMAGES, 'y.npy': npy([3], [4, 0, 4]) }, true)],
])('300 damaged files of %s: a data set or one line, within memory', async (_, whole) => {
  const before = process.memoryUsage().rss;
  const path = join(temporaryFolder(), 'set');
  let refused = 0;
  for (const bytes of mutations(whole, 300)) {
    writeFileSync(path, bytes);
    const result = await loadNpy(path).catch((error: unknown) => error);
    if (!(result instanceof Error)) continue;
    expect(result).toBeInstanceOf(ModelError);
    expect(result.message).not.toContain('\n');
    refused += 1;
  }
  expect(refused).toBeGreaterThan(100);
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 26);
});
