/** Augmentations of images, and where a step has them. */
import { input } from '@ganport/onnx';
import { describe, expect, onTestFinished, test } from 'vitest';
import { feedsAt } from '../src/index.ts';
import {
  AUGMENTATIONS,
  type Augmentation,
  type AugmentationName,
} from '../src/recipe/augmentations.ts';
import { expectApart, filled } from './apart.ts';
import { openGraph } from './graphs.ts';
import { recipeOf } from './recipes.ts';
import { BATCH, ganOf, strongState } from './small-gan.ts';
import { openForTest } from './steps.ts';

describe('brightness', () => {
  test('adds to each image its number less a half', async () => {
    const images = input('images', 'float32', [2, 1, 1, 2]);
    const shift = input('shift', 'float32', [2, 1, 1, 1]);
    const seen = AUGMENTATIONS.brightness(images, (name, shape, distribution) => {
      expect([name, shape, distribution]).toEqual(['brightness', [2, 1, 1, 1], 'uniform']);
      return shift;
    });
    const graph = await openGraph({ images, shift }, { seen });
    onTestFinished(() => graph.close());
    const { seen: got } = await graph.run({ images: [-1, 0.5, 0, 1], shift: [0.75, 0.125] });
    expect(got).toEqual([-0.75, 0.75, -0.375, 0.625]);
  });

  test('is before real and generated images alike, other in each pass', async () => {
    const settings = { batch: BATCH, penalties: { gradient: 1, r1: 1, r2: 1 } } as const;
    const plain = recipeOf(ganOf(), settings);
    const augmented = recipeOf(ganOf(), { ...settings, augment: ['brightness'] });
    const shifts = augmented.feeds.filter(({ name }) => name.endsWith('brightness'));
    // Points between, real ones, generated ones; then the generator's.
    expect(shifts).toHaveLength(4);
    const feeds = await feedsAt(augmented, 1);
    expectApart(shifts.map(({ name }) => feeds[name]!));
    const [before, after] = [await openForTest(plain), await openForTest(augmented)];
    const state = strongState(plain);
    const none = shifts.map(({ name }) => [name, filled(feeds[name]!, 0.5)] as const);
    const unchanged = { ...feeds, ...Object.fromEntries(none) };
    const expected = await before.run(state, feeds);
    expect((await after.run(state, unchanged)).metrics).toEqual(expected.metrics);
    for (const { name } of shifts) {
      const { metrics } = await after.run(state, { ...unchanged, [name]: feeds[name]! });
      expect(metrics, name).not.toEqual(expected.metrics);
    }
  });
});

describe('an augmentation of an image', () => {
  /** A picture of 1 to 16 of 4 × 4, or of three such channels. */
  const see = async (name: AugmentationName, channels: number, numbers: Record<string, number>) => {
    const images = input('images', 'float32', [1, channels, 4, 4]);
    const asked: Record<string, ReturnType<typeof input>> = {};
    const augment: Augmentation = AUGMENTATIONS[name];
    const seen = augment(images, (of, shape) => {
      asked[of] = input(of, 'float32', shape);
      return asked[of];
    });
    const graph = await openGraph({ images, ...asked }, { seen });
    onTestFinished(() => graph.close());
    const given = Object.fromEntries(Object.keys(asked).map((of) => [of, [numbers[of]!]]));
    const picture = Array.from({ length: channels * 16 }, (_, i) => i + 1);
    return (await graph.run({ images: picture, ...given })).seen!;
  };

  test('translation moves it by whole pixels and fills with zeros', async () => {
    // Of −1, 0 and 1: the first moves down, the last of columns to the right.
    expect(await see('translation', 1, { down: 0.1, across: 0.9 })).toEqual([
      ...[0, 0, 0, 0],
      ...[0, 1, 2, 3],
      ...[0, 5, 6, 7],
      ...[0, 9, 10, 11],
    ]);
    expect((await see('translation', 1, { down: 0.5, across: 0.5 }))[15]).toBe(16);
    expect((await see('translation', 1, { down: 0.999, across: 0.01 })).slice(0, 4)).toEqual([
      ...[6, 7, 8, 0],
    ]);
  });

  test('cutout sets a rectangle of half its sides to zeros, at the edge less', async () => {
    // Of centres 0…4, 2 cuts rows 1 and 2, 1 columns 0 and 1, and 0 what there is of rows −1 and 0.
    expect(await see('cutout', 1, { down: 0.5, across: 0.3 })).toEqual([
      ...[1, 2, 3, 4],
      ...[0, 0, 7, 8],
      ...[0, 0, 11, 12],
      ...[13, 14, 15, 16],
    ]);
    expect((await see('cutout', 1, { down: 0, across: 0.5 })).slice(0, 4)).toEqual([1, 0, 0, 4]);
    expect((await see('cutout', 1, { down: 0.3, across: 0.99 })).slice(0, 4)).toEqual([1, 2, 3, 0]);
  });

  test('saturation leaves grey, contrast the mean', async () => {
    const grey = Array.from({ length: 16 }, (_, i) => i + 17);
    expect(await see('saturation', 3, { saturation: 0 })).toEqual(
      [...grey, ...grey, ...grey].map((x) => expect.closeTo(x, 4)),
    );
    expect((await see('saturation', 3, { saturation: 1 }))[0]).toBeCloseTo(-15, 4);
    expect((await see('saturation', 1, {}))[15]).toBe(16);
    const less = await see('contrast', 1, { contrast: 0 });
    expect(less[0]).toBeCloseTo(4.75, 5);
    expect(less[15]).toBeCloseTo(12.25, 5);
  });
});
