import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ModelError } from '@ganport/model';
import { expect, test } from 'vitest';
import { sharedData } from '../../../test/shared-data.ts';
import { readIdx } from '../src/data/idx.ts';
import { loadDataset } from '../src/data/index.ts';
import { allImages, idx, temporaryFolder } from './files.ts';

const load = (dataDir: string) => loadDataset({ source: 'mnist', dataDir });

test('a folder that is missing is named', async () => {
  const missing = join(temporaryFolder(), 'none');
  await expect(load(missing)).rejects.toThrow(
    `cannot read the data folder ${missing}: no such file or folder: check the path (ENOENT)`,
  );
});

test('an unknown source is refused with the known ones, and glyphs with a folder', async () => {
  const unknown = loadDataset({ source: 'imagenet' as 'mnist' });
  await expect(unknown).rejects.toThrow(
    'unknown data source "imagenet": expected glyphs or mnist or fashion or idx or',
  );
  await expect(loadDataset({ source: 'glyphs', dataDir: 'x' })).rejects.toThrow(ModelError);
  await expect(loadDataset({ source: 'idx' })).rejects.toThrow('with --data idx:PATH');
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
  const means = classMeans(images, Uint8Array.from(digits.labels!), half);
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
    await expect(load(folder)).rejects.toThrow(
      /no images to train on: .*got only images for tests$/,
    );
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

test('Fashion-MNIST has the names of its clothes, and nothing else has', async () => {
  const folder = temporaryFolder();
  const labels = Array.from({ length: 20 }, (_, i) => (i * 3) % 10);
  writeFileSync(join(folder, 'train-images-idx3-ubyte'), idx([20, 1, 1], labels));
  writeFileSync(join(folder, 'train-labels-idx1-ubyte'), idx([20], labels));
  const fashion = await loadDataset({ source: 'fashion', dataDir: folder });
  const names = [...fashion.labels!].slice(0, 4).map((label) => fashion.classes![label]);
  expect(names).toEqual(['T-shirt/top', 'Dress', 'Shirt', 'Ankle boot']);
  writeFileSync(join(folder, 'train-labels-idx1-ubyte'), idx([20], new Uint8Array(20)));
  await expect(loadDataset({ source: 'fashion', dataDir: folder })).rejects.toThrow(
    `${folder}: expected the labels of Fashion-MNIST, 0 to 9, got 0`,
  );
});
