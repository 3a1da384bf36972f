import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ModelError } from '@ganport/model';
import { expect, test } from 'vitest';
import { loadIdx } from '../src/data/idx-dataset.ts';
import { allImages, folderOf, idx } from './files.ts';

const IMAGES = idx([2, 1, 2], [0, 10, 20, 255]);
const LABELS = idx([2], [9, 0]);
const OTHER = idx([2, 1, 2], [1, 1, 1, 1]);

const [images, labels] = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'];

test.each<[string, string, Record<string, Uint8Array>]>([
  [
    'as published',
    'set',
    { [`${images}.gz`]: gzipSync(IMAGES), [`${labels}.gz`]: gzipSync(LABELS) },
  ],
  ['unpacked', 'set', { [images]: IMAGES, [labels]: LABELS }],
  [
    'as 7-Zip unpacks them',
    'set',
    { 'train-images.idx3-ubyte': IMAGES, 'train-labels.idx1-ubyte': LABELS },
  ],
  [
    'in folders of their names',
    'set',
    { [`${images}/${images}`]: IMAGES, [`${labels}/${labels}`]: LABELS },
  ],
  [
    'in folders of the packed names',
    'set',
    { [`${images}.gz/${images}`]: IMAGES, [`${labels}.gz/train-labels.idx1-ubyte`]: LABELS },
  ],
  ['in capitals', 'set', { 'TRAIN-IMAGES-IDX3-UBYTE.GZ': gzipSync(IMAGES), [labels]: LABELS }],
  [
    'of EMNIST',
    'emnist-letters',
    {
      'emnist-letters-train-images-idx3-ubyte.gz': gzipSync(IMAGES),
      'emnist-letters-train-labels-idx1-ubyte.gz': gzipSync(LABELS),
      'emnist-letters-test-images-idx3-ubyte.gz': gzipSync(OTHER),
      'emnist-letters-mapping.txt': Buffer.from('1 65 97'),
    },
  ],
  [
    'of 10,000',
    'set',
    { 'train10k-images-idx3-ubyte': IMAGES, 'train10k-labels-idx1-ubyte': LABELS },
  ],
  [
    'beside a part of them, and those for tests',
    'set',
    {
      'train10k-images-idx3-ubyte': OTHER,
      'train10k-labels-idx1-ubyte': LABELS,
      't10k-images-idx3-ubyte': OTHER,
      [images]: IMAGES,
      [labels]: LABELS,
    },
  ],
  [
    'unpacked beside the archives',
    'set',
    { [images]: IMAGES, [labels]: LABELS, [`${images}.gz`]: OTHER, [`${labels}.gz`]: OTHER },
  ],
  ['of one’s own', 'cats', { 'cats.idx3-ubyte': IMAGES, 'cats.idx1-ubyte': LABELS }],
])('a folder of files %s is loaded, as %s', async (_, name, files) => {
  const folder = folderOf(files);
  const dataset = await loadIdx(folder);
  expect([...(await allImages(dataset))]).toEqual([0, 10, 20, 255]);
  expect(dataset).toMatchObject({ name, count: 2, height: 1, width: 2, channels: 1 });
  expect([...dataset.labels!].map((label) => dataset.classes![label])).toEqual(['9', '0']);
});

test('a data set has the name of the nearest folder that has one', async () => {
  const folder = folderOf({
    [`data/FashionMNIST/raw/${images}`]: IMAGES,
    [`data/${images}`]: OTHER,
  });
  expect(await loadIdx(join(folder, 'data/FashionMNIST/raw'))).toMatchObject({
    name: 'FashionMNIST',
  });
  expect(await loadIdx(join(folder, 'data'))).toMatchObject({ name: 'set' });
});

test('images without labels are loaded', async () => {
  const dataset = await loadIdx(folderOf({ [images]: IMAGES }));
  expect(dataset.count).toBe(2);
  expect(dataset.labels).toBeUndefined();
  expect(dataset.classes).toBeUndefined();
});

test('any labels are classes, of which all occur', async () => {
  const letters = Array.from({ length: 52 }, (_, i) => 1 + (i % 26));
  const files = { [images]: idx([52, 1, 1], letters), [labels]: idx([52], letters) };
  const { labels: indices, classes } = await loadIdx(folderOf(files));
  expect(classes).toEqual(letters.slice(0, 26).map(String));
  expect([...indices!]).toEqual(letters.map((letter) => letter - 1));
});

const COLOURS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
/** The same two images of two pixels: the reds of one, its greens, its blues. */
const PLANES = [1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12];

test.each([
  ['last', [2, 2, 1, 3], COLOURS, { height: 2, width: 1, channels: 3 }],
  ['first', [2, 3, 1, 2], PLANES, { height: 1, width: 2, channels: 3 }],
  ['last, where both could be meant', [1, 3, 4, 1], COLOURS, { height: 3, width: 4, channels: 1 }],
  ['one, first', [2, 1, 3, 2], COLOURS, { height: 3, width: 2, channels: 1 }],
])('channels may be %s', async (_, shape, bytes, expected) => {
  const dataset = await loadIdx(folderOf({ 'train-images-idx4-ubyte': idx(shape, bytes) }));
  expect(dataset).toMatchObject(expected);
  expect([...(await allImages(dataset))]).toEqual(COLOURS);
});

const LETTERS = 'emnist-letters-train-images-idx3-ubyte';
const SEVERAL = { [LETTERS]: IMAGES, 'emnist-digits-train-images-idx3-ubyte.gz': gzipSync(OTHER) };

test('one of several data sets is told by its images', async () => {
  const folder = folderOf({ ...SEVERAL, 'emnist-letters-train-labels-idx1-ubyte': LABELS });
  await expect(loadIdx(folder)).rejects.toThrow(
    `${folder} has several data sets: name the images of one as the folder (--data-dir), got "emnist-letters-train-images-idx3-ubyte", "emnist-digits-train-images-idx3-ubyte.gz"`,
  );
  const dataset = await loadIdx(join(folder, LETTERS));
  expect(dataset).toMatchObject({ name: 'emnist-letters', classes: ['0', '9'] });
});

test('images for tests are loaded where they are named, and in a folder of their name', async () => {
  const name = 't10k-images-idx3-ubyte';
  const files = { [`${name}/${name}`]: IMAGES, 't10k-labels-idx1-ubyte': LABELS, [images]: OTHER };
  const dataset = await loadIdx(join(folderOf(files), name));
  expect([...(await allImages(dataset))]).toEqual([0, 10, 20, 255]);
  expect(dataset.labels).toHaveLength(2);
});

test.each<[string, Record<string, Uint8Array>, RegExp]>([
  [
    'nothing',
    {},
    /no images to train on: expected .* such as train-images-idx3-ubyte.*, got nothing$/,
  ],
  [
    'pictures',
    Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`${i}.png`, IMAGES])),
    /got "0\.png", .*"5\.png" and 3 more$/,
  ],
  ['labels alone', { [labels]: LABELS }, /no images to train on: .*got "train-labels-idx1-ubyte"$/],
  ['images for tests alone', { 't10k-images-idx3-ubyte': IMAGES }, /got only images for tests$/],
  [
    'fewer labels than images',
    { [images]: IMAGES, [labels]: idx([1], [9]) },
    /train-labels-idx1-ubyte: expected 2 labels.*train-images-idx3-ubyte, got 1$/,
  ],
  [
    'no image in its files',
    { [images]: idx([0, 28, 28], []), [labels]: idx([0], []) },
    /train-images-idx3-ubyte: it has no images: its shape is \[0,28,28\]$/,
  ],
  [
    'two channels',
    { 'train-images-idx4-ubyte': idx([1, 2, 1, 2], [1, 2, 3, 4]) },
    /expected images of 1 or 3 channels, \[N, H, W, C\] or \[N, C, H, W\], got \[1,2,1,2\]$/,
  ],
  [
    'a folder in place of a file, with another in it',
    { [`${images}/readme.txt`]: LABELS },
    /train-images-idx3-ubyte is a folder: expected a file of that name in it, got "readme\.txt"$/,
  ],
])('a folder with %s is refused', async (_, files, message) => {
  const error = await loadIdx(folderOf(files)).catch((e) => e);
  expect(error).toBeInstanceOf(ModelError);
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain('\n');
});

test('another file is no folder of data', async () => {
  const folder = folderOf({ 'labels.txt': LABELS });
  await expect(loadIdx(join(folder, 'labels.txt'))).rejects.toThrow(
    `cannot read data from ${join(folder, 'labels.txt')}: expected a folder, or its images`,
  );
});

test.each([
  ['', '/loop'],
  [images, `/${images}`],
])('a link that leads to itself is refused (%j)', async (link, path) => {
  const folder = folderOf({});
  const loop = folder + path;
  symlinkSync(loop, loop);
  await expect(loadIdx(link ? folder : loop)).rejects.toThrow(
    new ModelError(`cannot read ${loop}: it is a link that leads to itself: remove it (ELOOP)`),
  );
});
