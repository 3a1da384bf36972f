/** Evaluation beside what is known of the images: it takes any function that draws, and no engine. */
import { ModelError } from '@ganport/model';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { type Dataset, memoryDataset } from '../src/data/index.ts';
import { createEvaluator } from '../src/evaluate/evaluation.ts';
import type { Extractor } from '../src/evaluate/extractor.ts';
import { decisive, isBetter } from '../src/evaluate/metrics.ts';
import { columnsOf } from '../src/evaluate/samples.ts';
import { encodePng } from '../src/evaluate/samples-png.ts';

/** Sorted by class, as data may be: the first half black, the second white. One pixel of 3 channels. */
const half = 1500;
const sorted = memoryDataset({
  name: 'sorted',
  height: 1,
  width: 1,
  channels: 3,
  images: new Uint8Array(6 * half).fill(255, 3 * half),
});

/** Draws images of one level. */
const flat = (level: number) => async (_: Float32Array, count: number) =>
  new Float32Array(count * 3).fill(level);

/** A data set that notes which of its images are read. */
function observed(dataset: Dataset): { dataset: Dataset; read: number[] } {
  const read: number[] = [];
  return {
    read,
    dataset: {
      ...dataset,
      read: (indices) => {
        read.push(...indices);
        return dataset.read(indices);
      },
    },
  };
}

describe('the images that samples are compared with', () => {
  test('come from the whole set, none twice, and are always the same', async () => {
    const [first, second] = [observed(sorted), observed(sorted)];
    for (const { dataset } of [first, second]) {
      await createEvaluator({ draw: flat(0), dataset, latent: 2, encodePng });
    }
    expect(second.read).toEqual(first.read);
    expect(new Set(first.read).size).toBe(1024);
    // Of 1,024 out of twice 1,500, half are white within ±15 (hypergeometric, one deviation: 13).
    const white = first.read.filter((index) => index >= half).length;
    expect(Math.abs(white - 512)).toBeLessThan(5 * 13);
  });

  test('are all there are of a small set', async () => {
    const few = memoryDataset({ ...sorted, images: new Uint8Array(3 * 70) });
    const { dataset, read } = observed(few);
    await createEvaluator({ draw: flat(0), dataset, latent: 2, encodePng });
    expect(read.sort((a, b) => a - b)).toEqual(Array.from({ length: 70 }, (_, i) => i));
  });

  test('are in −1…1, and laid out as what is drawn is', async () => {
    // [2, 1, 2, 3]: red and green beside each other, twice.
    const images = Uint8Array.of(255, 0, 0, 0, 255, 0, 255, 0, 0, 0, 255, 0);
    const dataset = memoryDataset({ name: 'two', height: 1, width: 2, channels: 3, images });
    // The same as [2, 3, 1, 2].
    const same = Float32Array.of(1, -1, -1, 1, -1, -1, 1, -1, -1, 1, -1, -1);
    const { evaluate } = await createEvaluator({
      draw: async () => same,
      dataset,
      latent: 2,
      encodePng,
    });
    expect((await evaluate()).scores.swd).toBeCloseTo(0, 12);
    const other = same.map((x) => -x);
    const { evaluate: evaluateOther } = await createEvaluator({
      draw: async () => other,
      dataset,
      latent: 2,
      encodePng,
    });
    expect((await evaluateOther()).scores.swd).toBeGreaterThan(0.5);
  });
});

test('white images are as far from half black, half white ones as black images are', async () => {
  const swd = async (level: number) => {
    const { evaluate } = await createEvaluator({
      draw: flat(level),
      dataset: sorted,
      latent: 2,
      encodePng,
    });
    return (await evaluate()).scores.swd;
  };
  const [white, black] = [await swd(1), await swd(-1)];
  expect(Math.abs(white / black - 1)).toBeLessThan(0.2);
  expect(white).toBeGreaterThan(0.5);
});

test('samples are drawn in parts, from the latents of one seed, whenever it is called', async () => {
  const drawn: { z: Float32Array; count: number }[] = [];
  const draw = async (z: Float32Array, count: number) => {
    drawn.push({ z, count });
    return new Float32Array(count * 3).fill(1);
  };
  const few = memoryDataset({ ...sorted, images: new Uint8Array(3 * 70) });
  const { evaluate } = await createEvaluator({ draw, dataset: few, latent: 2, encodePng });
  const [first, second] = [await evaluate(), await evaluate()];
  expect(drawn.map(({ count }) => count)).toEqual([64, 6, 64, 6]);
  expect(drawn.map(({ z }) => z.length)).toEqual([128, 12, 128, 12]);
  expect(drawn[2]).toEqual(drawn[0]);
  expect(second).toEqual(first);
  // 64 white pixels, a dark grey one around each.
  const { data, info } = await sharp(first.samples).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([17 * 96, 17 * 96, 3]);
  expect(data.filter((level) => level === 255)).toHaveLength(3 * 64 * 96 ** 2);
});

test('variety is the share of what the data have', async () => {
  // Eight of the data, 16 levels apart; as many drawn, 8 and then 0 apart.
  const images = Uint8Array.from({ length: 24 }, (_, i) => 16 * Math.trunc(i / 3));
  const dataset = memoryDataset({ name: 'steps', height: 1, width: 1, channels: 3, images });
  let apart = 8;
  const draw = async (_: Float32Array, count: number) =>
    Float32Array.from({ length: count * 3 }, (_, i) => (apart * Math.trunc(i / 3)) / 127.5);
  const { look, evaluate } = await createEvaluator({ draw, dataset, latent: 2, encodePng });
  expect((await look()).variety).toBeCloseTo(0.5, 5);
  apart = 0;
  expect((await evaluate()).variety).toBe(0);
});

test('an error in drawing is passed on', async () => {
  const draw = () => Promise.reject(new ModelError('no device'));
  const { evaluate } = await createEvaluator({ draw, dataset: sorted, latent: 2, encodePng });
  await expect(evaluate()).rejects.toThrow(new ModelError('no device'));
});

test.each([
  [{ swd: 0.5 }, undefined, true],
  [{ swd: 0.5 }, {}, true],
  [{ swd: 0.5 }, { swd: 0.6 }, true],
  [{ swd: 0.5 }, { swd: 0.5 }, false],
  [{ swd: 0.6 }, { swd: 0.5 }, false],
  // Features tell more than pixels.
  [{ frechet: 1, swd: 0.6 }, { frechet: 2, swd: 0.5 }, true],
  [{ frechet: 2, swd: 0.5 }, { frechet: 1, swd: 0.6 }, false],
  // A run that began with pixels goes on with them.
  [{ frechet: 2, swd: 0.6 }, { swd: 0.5 }, false],
  [{ frechet: 2, swd: 0.4 }, { swd: 0.5 }, true],
  [{ swd: 0.4 }, { frechet: 2, swd: 0.5 }, true],
  [{}, { frechet: 2, swd: 0.5 }, false],
])('%o after %o is better: %s', (scores, best, better) => {
  expect(isBetter(scores, best)).toBe(better);
});

test('the metric that decides is the first that both have', () => {
  expect(decisive({ frechet: 1, swd: 1 })).toBe('frechet');
  expect(decisive({ frechet: 1, swd: 1 }, { swd: 1 })).toBe('swd');
  expect(decisive({ swd: 1 }, {})).toBeUndefined();
});

describe('a classifier of the data', () => {
  /** Of pixels [3]: 0 for dark ones, 1 for bright ones; its features are the first two. */
  const classifier: Extractor = {
    dim: 2,
    classes: 2,
    async extract(images) {
      const rows = Array.from({ length: images.length / 3 }, (_, i) =>
        images.slice(3 * i, 3 * i + 3),
      );
      return {
        features: Float32Array.from(rows.flatMap(([red, green]) => [red!, green!])),
        logits: Float32Array.from(rows.flatMap(([red]) => [-red!, red!])),
      };
    },
  };
  /** Black and white pixels in turns, of which as many as are told have the classifier's labels. */
  const data = (count: number, told: number) =>
    memoryDataset({
      ...{ name: 'bits', height: 1, width: 1, channels: 3 },
      images: Uint8Array.from({ length: 3 * count }, (_, i) => 255 * (Math.trunc(i / 3) % 2)),
      labels: Uint8Array.from({ length: count }, (_, i) => (i < told ? i % 2 : 1 - (i % 2))),
      classes: ['0', '1'],
    });
  const scores = async (dataset: Dataset) => {
    const { evaluate } = await createEvaluator({
      draw: flat(1),
      dataset,
      latent: 2,
      encodePng,
      classifier,
    });
    return (await evaluate()).scores;
  };

  test('gives the distance of its features', async () => {
    // Means 0 and 1, both features alike: 2 for the means, and the data's variance of 10/9, twice.
    expect((await scores(data(10, 5))).frechet).toBeCloseTo(2 + 20 / 9, 5);
  });

  test('says of how many classes pictures are', async () => {
    const dataset = data(16, 16);
    // A quarter of them white: entropy of ¼ and ¾.
    const draw = async (_: Float32Array, count: number) =>
      Float32Array.from({ length: 3 * count }, (_, i) => (Math.trunc(i / 3) % 4 === 0 ? 1 : -1));
    const { evaluate } = await createEvaluator({ draw, dataset, latent: 2, encodePng, classifier });
    const { kinds } = await evaluate();
    expect(kinds!.pictures).toBeCloseTo(4 / 3 ** 0.75, 10);
    expect(kinds!.data).toBeCloseTo(2, 10);
  });

  test('says how many pictures are of the class asked for, in columns of one class each', async () => {
    const dataset = data(16, 16);
    // As asked, but for every eighth.
    let drawn = 0;
    const draw = async (_: Float32Array, count: number, labels?: BigInt64Array) =>
      Float32Array.from({ length: 3 * count }, (_, i) => {
        const label = Number(labels![Math.trunc(i / 3)]);
        return (drawn++ % 24 < 3 ? 1 - label : label) === 0 ? -1 : 1;
      });
    const options = { draw, dataset, latent: 2, encodePng, classifier, classes: 2 };
    const { evaluate } = await createEvaluator(options);
    expect((await evaluate()).accuracy).toBe(14 / 16);
    const { evaluate: unasked } = await createEvaluator({ ...options, draw: flat(1), classes: 0 });
    expect(await unasked()).not.toHaveProperty('accuracy');
    expect([0, 2, 3, 5, 10, 16, 17].map(columnsOf)).toEqual([8, 8, 6, 5, 10, 16, 8]);
  });

  test.each([
    ['that knows less than half of it', data(10, 4)],
    ['of more features than it has images', data(1, 1)],
    ['whose labels are missing', memoryDataset({ ...sorted, images: new Uint8Array(30) })],
  ])('%s gives none', async (_, dataset) => {
    expect(Object.keys(await scores(dataset))).toEqual(['swd']);
  });
});
