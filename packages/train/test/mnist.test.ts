import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ModelError } from '@ganport/model';
import { expect, test } from 'vitest';
import { sharedData } from '../../../test/shared-data.ts';
import { readIdx } from '../src/data/idx.ts';
import { loadDataset } from '../src/data/index.ts';
import { allImages, idx, temporaryFolder } from './files.ts';

const load = (dataDir: string) => loadDataset({ source: 'mnist', dataDir });

/** A folder of files by name. */
function folderOf(files: Record<string, Uint8Array>): string {
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
}

const IMAGES = idx([2, 1, 2], [0, 10, 20, 255]);
const LABELS = idx([2], [9, 0]);

test.each([
  ['plain', { 'train-images-idx3-ubyte': IMAGES, 'train-labels-idx1-ubyte': LABELS }],
  [
    'gzipped',
    {
      'train-images-idx3-ubyte.gz': gzipSync(IMAGES),
      'train-labels-idx1-ubyte.gz': gzipSync(LABELS),
    },
  ],
  ['of 10,000', { 'train10k-images-idx3-ubyte': IMAGES, 'train10k-labels-idx1-ubyte': LABELS }],
])('a folder of %s files is loaded', async (_, files) => {
  const dataset = await load(folderOf(files));
  expect([...(await allImages(dataset))]).toEqual([0, 10, 20, 255]);
  expect([...dataset.labels!]).toEqual([9, 0]);
  expect(dataset).toMatchObject({ name: 'mnist', count: 2, height: 1, width: 2, channels: 1 });
});

test('all of the training digits are preferred to 10,000 of them', async () => {
  const other = idx([2, 1, 2], [1, 1, 1, 1]);
  const folder = folderOf({
    'train10k-images-idx3-ubyte': other,
    'train10k-labels-idx1-ubyte': LABELS,
    'train-images-idx3-ubyte': IMAGES,
    'train-labels-idx1-ubyte': LABELS,
  });
  expect([...(await allImages(await load(folder)))]).toEqual([0, 10, 20, 255]);
});

test.each<[string, Record<string, Uint8Array>, RegExp]>([
  ['nothing', {}, /no MNIST training digits: expected train-images-idx3-ubyte and train-labels/],
  [
    'the test digits alone',
    { 't10k-images-idx3-ubyte': IMAGES, 't10k-labels-idx1-ubyte': LABELS },
    /no MNIST training digits/,
  ],
  ['images without labels', { 'train-images-idx3-ubyte': IMAGES }, /no MNIST training digits/],
  [
    'fewer labels than images',
    { 'train-images-idx3-ubyte': IMAGES, 'train-labels-idx1-ubyte': idx([1], [9]) },
    /train-labels-idx1-ubyte: expected 2 labels.*train-images-idx3-ubyte, got 1$/,
  ],
  [
    'a label that is no digit',
    { 'train-images-idx3-ubyte': IMAGES, 'train-labels-idx1-ubyte': idx([2], [9, 10]) },
    /train-labels-idx1-ubyte: expected labels from 0 to 9, got 10 for image 1$/,
  ],
  [
    'no image in its files',
    { 'train-images-idx3-ubyte': idx([0, 28, 28], []), 'train-labels-idx1-ubyte': idx([0], []) },
    /train-images-idx3-ubyte: it has no images: its shape is \[0,28,28\]$/,
  ],
])('a folder with %s is refused', async (_, files, message) => {
  const error = await load(folderOf(files)).catch((e) => e);
  expect(error).toBeInstanceOf(ModelError);
  expect(error.message).toMatch(message);
});

test('a folder that is missing is named', async () => {
  const missing = join(temporaryFolder(), 'none');
  await expect(load(missing)).rejects.toThrow(`cannot read the data folder ${missing} (ENOENT)`);
});

test('an unknown source is refused with the known ones, and glyphs with a folder', async () => {
  const unknown = loadDataset({ source: 'imagenet' as 'mnist' });
  await expect(unknown).rejects.toThrow('unknown data source "imagenet": expected glyphs or mnist');
  await expect(loadDataset({ source: 'glyphs', dataDir: 'x' })).rejects.toThrow(ModelError);
});

const real = sharedData('mnist/train10k-images-idx3-ubyte.gz');

test.skipIf(!real)('the real digits have the published mean and deviation', async () => {
  const dataset = await load(dirname(real!));
  expect(dataset).toMatchObject({ count: 10_000, height: 28, width: 28 });
  const images = await allImages(dataset);
  const mean = images.reduce((sum, x) => sum + x, 0) / images.length;
  const variance = images.reduce((sum, x) => sum + (x - mean) ** 2, 0) / images.length;
  // 0.1307 and 0.3081 over all 60,000; an image's own mean deviates by 0.04, so 10,000 by 0.0004.
  expect(mean / 255).toBeCloseTo(0.1307, 2);
  expect(Math.sqrt(variance) / 255).toBeCloseTo(0.3081, 2);
});

test.skipIf(!real)('the real labels belong to the pictures', async () => {
  // The nearest of ten class means: 82 % on MNIST, 10 % if labels and pictures were not in step.
  const digits = await load(dirname(real!));
  const half = digits.count / 2;
  const images = await allImages(digits);
  const means = classMeans(images, digits.labels!, half);
  let right = 0;
  for (let i = half; i < digits.count; i += 1) {
    const distances = means.map((mean) => squaredDistance(images, i * mean.length, mean));
    if (distances.indexOf(Math.min(...distances)) === digits.labels![i]) right += 1;
  }
  expect(right / half).toBeGreaterThan(0.75);
});

test.skipIf(!real)(
  'the published test labels begin with 7 2 1 0 4, and are not trained on',
  async () => {
    const path = join(dirname(real!), 't10k-labels-idx1-ubyte.gz');
    const { data } = await readIdx(path, 1);
    expect([...data.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    const folder = temporaryFolder();
    for (const name of readdirSync(dirname(real!)).filter((name) => name.startsWith('t10k'))) {
      copyFileSync(join(dirname(real!), name), join(folder, name));
    }
    await expect(load(folder)).rejects.toThrow('no MNIST training digits');
  },
);

/** Mean images of the ten classes, over the first `count` images. */
function classMeans(images: Uint8Array, labels: Uint8Array, count: number): Float64Array[] {
  const size = 28 * 28;
  const sums = Array.from({ length: 10 }, () => ({ sum: new Float64Array(size), n: 0 }));
  for (let i = 0; i < count; i += 1) {
    const total = sums[labels[i]!]!;
    total.n += 1;
    for (let p = 0; p < size; p += 1) total.sum[p]! += images[i * size + p]!;
  }
  return sums.map(({ sum, n }) => sum.map((x) => x / n));
}

function squaredDistance(images: Uint8Array, start: number, mean: Float64Array): number {
  let total = 0;
  for (let p = 0; p < mean.length; p += 1) total += (images[start + p]! - mean[p]!) ** 2;
  return total;
}
