import { dirname, join } from 'node:path';
import { ModelError } from '@ganport/model';
import type { SchemaElement } from 'hyparquet';
import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import { loadDataset } from '../src/data/index.ts';
import { allImages, folderOf } from './files.ts';
import { parquet } from './parquet.ts';

/** PNGs of one grey each. */
const GREYS = await Promise.all(
  [10, 90, 170, 250].map((grey) =>
    sharp(new Uint8Array(16).fill(grey), { raw: { width: 4, height: 4, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer(),
  ),
);

async function load(dataDir: string, onBadImage: 'fail' | 'skip' = 'fail') {
  const cache = join(dirname(dataDir), 'cache');
  const dataset = await loadDataset({ source: 'parquet', dataDir, size: 4, cache, onBadImage });
  onTestFinished(async () => dataset.close?.());
  return dataset;
}

const [a, b, c, d] = GREYS;
const greys = async (dataset: Parameters<typeof allImages>[0]) =>
  [...(await allImages(dataset))].filter((_, i) => i % 16 === 0);

test('several files are one set, those for tests left out, with the classes’ names', async () => {
  const names = ['cat', 'dog', 'eel'];
  const folder = folderOf({
    'train-00001-of-00002.parquet': parquet({ images: [d!], labels: [2], names }),
    'train-00000-of-00002.parquet': parquet({ images: [a!, b!, c!], labels: [0, 1, 0], names }),
    'test-00000-of-00001.parquet': parquet({ images: [a!], labels: [0], names }),
  });
  const dataset = await load(folder);
  expect(dataset).toMatchObject({ name: 'set', count: 4, height: 4, channels: 1, classes: names });
  expect(await greys(dataset)).toEqual([10, 90, 170, 250]);
  expect([...dataset.labels!]).toEqual([0, 1, 0, 2]);
});

test('labels without names are the numbers that occur; there may be none', async () => {
  const folder = folderOf({
    'a.parquet': parquet({ images: [a!, b!], labels: [7, 3] }),
    'b.parquet': parquet({ images: [c!, d!], column: 'img' }),
  });
  const labelled = await load(join(folder, 'a.parquet'));
  expect(labelled).toMatchObject({ name: 'a', classes: ['3', '7'], labels: Uint8Array.of(1, 0) });
  const plain = await load(join(folder, 'b.parquet'));
  expect([plain.count, plain.labels]).toEqual([2, undefined]);
});

test('a row without a picture is named, or left out with its label', async () => {
  const images = [a!, undefined, c!.subarray(0, 30), d!];
  const file = join(
    folderOf({ 'x.parquet': parquet({ images, labels: [0, 1, 2, 3] }) }),
    'x.parquet',
  );
  await expect(load(file)).rejects.toThrow(/x\.parquet, row 1": expected the bytes of a picture/);
  const dataset = await load(file, 'skip');
  expect([...dataset.labels!].map((label) => dataset.classes![label])).toEqual(['0', '3']);
});

const WHOLE = parquet({ images: [a!, b!, c!], labels: [0, 1, 0], names: ['cat', 'dog'] });

test.each<[string, Record<string, Uint8Array>, RegExp]>([
  ['no files', {}, /set has no Parquet files/],
  ['an empty file', { 'x.parquet': new Uint8Array(0) }, /x\.parquet: it is empty: 0 bytes$/],
  ['a cut file', { 'x.parquet': WHOLE.subarray(0, -9) }, /not a Parquet file, or damaged/],
  [
    'no pictures',
    { 'x.parquet': parquet({ images: [a!], column: 'z' }) },
    /a column "image" or .*got "z"/,
  ],
  [
    'labels that have no name',
    {
      'w.parquet': WHOLE,
      'x.parquet': parquet({ images: [a!, b!], labels: [0, 5], names: ['cat', 'dog'] }),
    },
    /x\.parquet, row 1: expected a label from 0 to 1, one of the classes .*, got 5/,
  ],
  [
    'labels in some files only',
    { 'x.parquet': WHOLE, 'y.parquet': parquet({ images: [a!] }) },
    /some files have a column of labels and some have none/,
  ],
])('a folder with %s is refused', async (_, files, message) => {
  const error = await load(folderOf(files)).catch((e) => e);
  expect(error).toBeInstanceOf(ModelError);
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain('\n');
});

const OPTIONAL = { name: 'label', repetition_type: 'OPTIONAL' } as const;

test.each<[string, unknown[], SchemaElement[]]>([
  ['a text', ['cat', 'dog', 'cat'], [{ ...OPTIONAL, type: 'BYTE_ARRAY', converted_type: 'UTF8' }]],
  ['bytes', ['7', '7', '7'], [{ ...OPTIONAL, type: 'BYTE_ARRAY' }]],
  ['a boolean', [true, false, true], [{ ...OPTIONAL, type: 'BOOLEAN' }]],
  [
    'a list',
    [[0], [1], [0]],
    [
      { ...OPTIONAL, num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'OPTIONAL', type: 'INT32' },
    ],
  ],
  ['null', [0, 1, null], [{ ...OPTIONAL, type: 'INT64' }]],
])(
  'labels of which one is %s are refused: its file, its row and what it is',
  async (kind, labels, labelSchema) => {
    const images = [a!, b!, c!];
    const row = labels.findIndex((label) => typeof label !== 'number');
    for (const names of [undefined, ['cat', 'dog']]) {
      const bytes = parquet({ images, labels, labelSchema, ...(names && { names }) });
      await expect(load(folderOf({ 'w.parquet': WHOLE, 'x.parquet': bytes }))).rejects.toThrow(
        `x.parquet, row ${row}: expected a whole number as its label, in column "label", got ${kind}`,
      );
    }
  },
);
