import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { ModelError } from '@ganport/model';
import { describe, expect, test } from 'vitest';
import { sharedData } from '../../../test/shared-data.ts';
import { glyphImages } from '../src/data/glyphs.ts';
import { memoryDataset } from '../src/data/memory.ts';
import { allImages } from './files.ts';

const PIXELS = 28 * 28;
const MNIST_IMAGES = sharedData('mnist/t10k-images-idx3-ubyte.gz');
const MNIST_LABELS = sharedData('mnist/t10k-labels-idx1-ubyte.gz');

interface Labelled {
  images: Uint8Array;
  labels: Uint8Array;
}

async function draw(seed: number, count: number): Promise<Labelled> {
  const dataset = memoryDataset(glyphImages({ seed, count }));
  return { images: await allImages(dataset), labels: Uint8Array.from(dataset.labels!) };
}

/** The label of the nearest example, by squared distance over the pixels. */
function nearest({ images, labels }: Labelled, image: Uint8Array): number {
  let least = Infinity;
  let label = -1;
  labels.forEach((candidate, i) => {
    let distance = 0;
    for (let k = 0; k < PIXELS && distance < least; k += 1) {
      distance += (images[i * PIXELS + k]! - image[k]!) ** 2;
    }
    if (distance < least) {
      least = distance;
      label = candidate;
    }
  });
  return label;
}

/** The share of images whose nearest example has their label. */
function accuracy(examples: Labelled, { images, labels }: Labelled): number {
  const hits = labels.filter(
    (label, i) => nearest(examples, images.subarray(i * PIXELS, (i + 1) * PIXELS)) === label,
  );
  return hits.length / labels.length;
}

/** The longer side of the ink and its centre of mass, pixels. */
function extent(image: Uint8Array) {
  let [left, right, top, bottom, mass, x, y] = [28, -1, 28, -1, 0, 0, 0];
  image.forEach((value, at) => {
    const [column, row] = [at % 28, Math.floor(at / 28)];
    mass += value;
    x += value * column;
    y += value * row;
    if (value < 128) return;
    [left, right] = [Math.min(left, column), Math.max(right, column)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
  });
  return { longer: Math.max(right - left, bottom - top) + 1, x: x / mass, y: y / mass };
}

describe('glyphs', () => {
  test('are the same bytes on every machine', () => {
    const { sha256, ...shape } = memoryDataset(glyphImages({ seed: 0, count: 1000 }));
    expect(sha256).toBe('226a47454f852c17dd90aa12fcc7fee5b516172d08f0eec0a60180e737118cd1');
    expect(shape).toMatchObject({
      name: 'glyphs',
      count: 1000,
      height: 28,
      width: 28,
      channels: 1,
    });
    expect(shape.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  test('an image does not depend on how many are drawn, and another seed draws others', async () => {
    const many = (await draw(7, 40)).images;
    expect((await draw(7, 23)).images).toEqual(many.subarray(0, 23 * PIXELS));
    const other = (await draw(8, 40)).images;
    for (let i = 0; i < 40; i += 1) {
      const [from, to] = [i * PIXELS, (i + 1) * PIXELS];
      expect(other.subarray(from, to)).not.toEqual(many.subarray(from, to));
    }
  });

  test("fill MNIST's box of 20 pixels around their centre of mass", async () => {
    const { images } = await draw(3, 500);
    for (let i = 0; i < 500; i += 1) {
      const { longer, x, y } = extent(images.subarray(i * PIXELS, (i + 1) * PIXELS));
      // The box is met to a pixel: ink of less than half cover does not count.
      expect(Math.abs(longer - 20)).toBeLessThanOrEqual(1);
      // Ink is weighed by length of stroke; pixels count strokes that cross or touch only once.
      expect(Math.abs(x - 13.5)).toBeLessThan(1);
      expect(Math.abs(y - 13.5)).toBeLessThan(1);
    }
  });

  test('are balanced, and labelled alike under every seed', async () => {
    const examples = await draw(1, 1000);
    const others = await draw(2, 500);
    for (let label = 0; label < 10; label += 1) {
      expect(others.labels.filter((other) => other === label)).toHaveLength(50);
    }
    expect(accuracy(examples, others)).toBeGreaterThan(0.98);
  });

  test.skipIf(MNIST_IMAGES === undefined || MNIST_LABELS === undefined)(
    'label real handwriting: MNIST test digits by their nearest glyph (needs shared/data/mnist)',
    async () => {
      const count = 500;
      const images = gunzipSync(readFileSync(MNIST_IMAGES!)).subarray(16);
      const labels = gunzipSync(readFileSync(MNIST_LABELS!)).subarray(8, 8 + count);
      // Guessing gets 0.10.
      expect(accuracy(await draw(1, 2000), { images, labels })).toBeGreaterThan(0.65);
    },
  );

  test('refuse a seed that is not one', () => {
    expect(() => memoryDataset(glyphImages({ seed: -1, count: 1 }))).toThrow(ModelError);
  });
});
