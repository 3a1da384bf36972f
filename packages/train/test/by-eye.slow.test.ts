/** Distances beside the order that grids of 64 pictures were put in by eye, shuffled and without their names. */
import { fileURLToPath } from 'node:url';
import { numbersOf, permutation } from '@ganport/model';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { sharedData } from '../../../test/shared-data.ts';
import { loadDataset } from '../src/data/index.ts';
import { frechetTo } from '../src/evaluate/frechet.ts';
import { readClassifier } from '../src/evaluate/mnist-classifier.ts';
import { atOnce } from '../src/evaluate/parts.ts';
import { mongeTo, slicedWassersteinTo } from '../src/evaluate/sliced-wasserstein.ts';
import { openExtractor } from '../src/open-extractor.ts';

const folder = sharedData('mnist');
const [COUNT, SIDE] = [64, 28];

/** Pictures [64, 1, 28, 28] in −1…1 of a grid of eight by eight without gaps, enlarged or not. */
async function pictures(path: string): Promise<Float32Array> {
  const file = fileURLToPath(new URL(path, import.meta.url));
  const resized = sharp(file).resize(8 * SIDE, 8 * SIDE, { kernel: 'nearest' });
  const grid = await resized.toColourspace('b-w').raw().toBuffer();
  return Float32Array.from({ length: COUNT * SIDE ** 2 }, (_, i) => {
    const [picture, x] = [Math.floor(i / SIDE ** 2), i % SIDE];
    const y = Math.floor(picture / 8) * SIDE + (Math.floor(i / SIDE) % SIDE);
    return grid[y * 8 * SIDE + (picture % 8) * SIDE + x]! / 127.5 - 1;
  });
}

test.skipIf(!folder)('features keep the order by eye, pixels do not', async () => {
  const dataset = await loadDataset({ source: 'mnist', dataDir: folder });
  const chosen = permutation(42, 0, dataset.count).subarray(0, COUNT);
  const real = numbersOf(await dataset.read(chosen), [1, SIDE, SIDE]);
  const classifier = await openExtractor(await readClassifier(), {
    size: dataset,
    what: 'the classifier',
  });
  try {
    const features = async (images: Float32Array) => (await classifier.extract(images)).features;
    const own = await features(real);
    const distances = {
      frechet: atOnce(frechetTo(own, classifier.dim)),
      mind: atOnce(mongeTo(own, classifier.dim)),
      pixels: atOnce(slicedWassersteinTo(real, SIDE ** 2)),
    };
    const distancesOf = async (path: string) => {
      const images = await pictures(path);
      const drawn = await features(images);
      const { frechet, mind, pixels } = distances;
      return {
        frechet: atOnce(frechet(drawn)),
        mind: atOnce(mind(drawn)),
        pixels: atOnce(pixels(images)),
      };
    };
    const inOrder = async (paths: string[]) => {
      const of: Awaited<ReturnType<typeof distancesOf>>[] = [];
      for (const path of paths) of.push(await distancesOf(path));
      return (['frechet', 'mind', 'pixels'] as const).filter((name) =>
        of.every((each, i) => i === 0 || each[name] < of[i - 1]![name]),
      );
    };
    // Steps of one run of preset quick, from the worst to the best.
    const steps = [300, 600, 800, 1000].map((step) => `grids/quick-${step}.png`);
    expect(await inOrder(steps)).toEqual(['frechet', 'mind']);
    // The pictures of the README.
    const readme = ['mlp', 'conv'].map((name) => `../../../docs/images/${name}.png`);
    expect(await inOrder(readme)).toEqual(['frechet', 'mind', 'pixels']);
    // Blurred ones beside those of the README: nearer by pixels, and further by features.
    expect(await inOrder([readme[1]!, steps[1]!])).toEqual(['pixels']);
  } finally {
    await classifier.close();
  }
});
