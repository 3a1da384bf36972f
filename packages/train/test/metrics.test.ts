/** Metrics of features beside published formulas and sets whose values are known. */
import { latentBatch } from '@ganport/model';
import { describe, expect, test } from 'vitest';
import {
  chiSquare,
  classAccuracy,
  classScore,
  modeHistogram,
} from '../src/evaluate/class-scores.ts';
import { frechetTo } from '../src/evaluate/frechet.ts';
import { kernelDistance, kernelDistances } from '../src/evaluate/kid.ts';
import { measure } from '../src/evaluate/measure.ts';
import { neighbourhoods } from '../src/evaluate/neighbours.ts';
import { atOnce } from '../src/evaluate/parts.ts';

const DIM = 6;
const set = (seed: number, count: number) => latentBatch(seed, 0, count, DIM);

const frechet = (real: Float32Array, generated: Float32Array, dim: number) =>
  atOnce(atOnce(frechetTo(real, dim))(generated));

describe('the Fréchet distance', () => {
  test('of a set to itself is 0, and to itself moved is the square of the way', () => {
    const a = set(1, 200);
    expect(frechet(a, a, DIM)).toBeLessThan(1e-10);
    const moved = a.map((x, i) => x + (i % DIM === 2 ? 3 : 0));
    expect(frechet(a, moved, DIM)).toBeCloseTo(9, 4);
  });

  test('of a set to itself doubled is the trace of its covariance and the square of its mean', () => {
    const a = set(2, 100);
    let expected = 0;
    for (let i = 0; i < DIM; i++) {
      const column = [...a].filter((_, at) => at % DIM === i);
      const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
      expected += mean ** 2 + column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 99;
    }
    const doubled = a.map((x) => 2 * x);
    expect(frechet(a, doubled, DIM)).toBeCloseTo(expected, 6);
  });

  test('is finite and symmetric with fewer rows than features', () => {
    const [a, b] = [set(1, 3), set(2, 4)];
    expect(frechet(a, b, DIM)).toBeGreaterThan(0);
    // Eigenvalues that should be 0 are 1e-16 from rounding, and their roots 1e-8.
    expect(frechet(a, b, DIM)).toBeCloseTo(frechet(b, a, DIM), 6);
  });
});

test('KID is worked out by hand for one feature', () => {
  // Kernels (xy + 1)³ of {0, 1} and {1, 2}: within 1 and 27, between 1, 1, 8, 27.
  expect(atOnce(kernelDistance(Float32Array.of(0, 1), Float32Array.of(1, 2), 1))).toBeCloseTo(
    1 + 27 - (2 * (1 + 1 + 8 + 27)) / 4,
    12,
  );
});

test('KID of two sets of one distribution scatters around 0, and is that of all rows', () => {
  const sets = Array.from({ length: 60 }, (_, i) => set(i, 50));
  const pairs = Array.from({ length: 30 }, (_, i) =>
    atOnce(kernelDistance(sets[2 * i]!, sets[2 * i + 1]!, DIM)),
  );
  const mean = pairs.reduce((sum, x) => sum + x, 0) / 30;
  const deviation = Math.sqrt(pairs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 29);
  expect(Math.abs(mean)).toBeLessThan((3 * deviation) / Math.sqrt(30));
  const [real, other] = [set(1, 200), set(2, 200)];
  const moved = other.map((x) => x + 1);
  const { distances, floors } = atOnce(kernelDistances(real, moved, other, DIM));
  expect([distances.length, floors.length]).toEqual([20, 20]);
  const average = distances.reduce((sum, x) => sum + x, 0) / 20;
  expect(Math.abs(average / atOnce(kernelDistance(real, moved, DIM)) - 1)).toBeLessThan(0.05);
  expect(Math.max(...floors)).toBeLessThan(Math.min(...distances));
});

test('neighbours: all of a like set, none of a far one, and one mode of two is covered', () => {
  const real = set(1, 300);
  const far = set(2, 300).map((x) => x + 100);
  expect(atOnce(neighbourhoods(real, real, DIM))).toMatchObject({
    precision: 1,
    recall: 1,
    coverage: 1,
  });
  expect(atOnce(neighbourhoods(real, far, DIM))).toEqual({
    ...{ precision: 0, recall: 0, density: 0, coverage: 0 },
  });
  const both = Float32Array.from([...real, ...far]);
  const one = atOnce(neighbourhoods(both, set(3, 600), DIM));
  expect(one.precision).toBeGreaterThan(0.8);
  expect(one.recall).toBeLessThan(0.6);
  expect(one.coverage).toBeLessThan(0.55);
});

test('the classifier score is 1 for equal images and the number of classes for certain, even ones', () => {
  expect(classScore(Float32Array.of(1, 2, 1, 2), 2)).toBeCloseTo(1, 12);
  expect(classScore(Float32Array.of(1000, 0, 0, 1000), 2)).toBeCloseTo(2, 12);
});

test('histograms of classes, and how far they are apart', () => {
  expect(modeHistogram(Float32Array.of(1, 2, 3, 0, 5, 4), 2)).toEqual([2, 1]);
  expect(chiSquare([10, 20], [20, 40])).toBeCloseTo(0, 12);
  expect(chiSquare([10, 0, 0], [0, 10, 0])).toBeCloseTo(20, 12);
});

test('class accuracy is the share that is taken for what was asked', () => {
  const logits = Float32Array.of(1, 0, 0, 1, 3, 2, 2, 3);
  expect(classAccuracy(logits, 2, [0, 1, 0, 1])).toBe(1);
  expect(classAccuracy(logits, 2, [0, 0, 0, 0])).toBe(0.5);
  const all = (times: number) => {
    const features = set(times, 24 * times);
    const labels = Array.from({ length: 24 * times }, (_, i) => i % 2);
    // Every fourth image is of the other class.
    const logits = labels.flatMap((label, i) => (i % 4 === 0 ? [label, 0.5] : [0.5 - label, 0]));
    return { features, labels, logits: Float32Array.from(logits) };
  };
  const { metrics } = atOnce(measure(all(2), all(1), { dim: DIM, classes: 2 }));
  const { value, floor, better } = metrics['class accuracy']!;
  expect([value, floor, better]).toEqual([0.75, 0.75, 'higher']);
});

test('a whole measure: real images are at the floor, and few are refused', () => {
  const real = { features: set(1, 800) };
  const shape = { dim: DIM, classes: undefined };
  const { metrics, size } = atOnce(measure(real, { features: set(2, 400) }, shape));
  expect(size).toBe(100);
  for (const name of ['Fréchet distance', 'MIND', 'precision']) {
    const { value, floor, deviation } = metrics[name]!;
    expect(Math.abs(value - floor), name).toBeLessThan(3 * deviation);
  }
  expect(() => atOnce(measure({ features: set(1, 46) }, { features: set(2, 23) }, shape))).toThrow(
    'expected at least 24 generated images and twice as many of the data, got 23 and 46',
  );
});
