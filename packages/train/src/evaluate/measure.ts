/** All that features tell of generated images, with ± over parts and beside what real images give. */
import { ModelError } from '@ganport/model';
import { chiSquare, classScore, modeHistogram } from './class-scores.ts';
import type { Extracted } from './extractor.ts';
import { frechet } from './frechet.ts';
import { kernelDistance } from './kid.ts';
import { neighbourhoods } from './neighbours.ts';

interface Measured {
  value: number;
  /** Standard deviation over the repeats. */
  deviation: number;
  /** The same of other real images in place of the generated ones. */
  floor: number;
  better: 'lower' | 'higher';
}

export interface Measures {
  /** Rows of each side in each repeat. */
  size: number;
  repeats: number;
  metrics: Record<string, Measured>;
  /** Shares of the classes, where the model tells them. */
  modes?: { real: number[]; generated: number[] };
}

/** Disjoint parts that everything is measured on: their spread is the ±. */
const REPEATS = 4;
/** Rows of a part for what compares every pair: time grows with its square. */
const PAIRED = 1000;
/** Fewer have no fifth neighbour. */
export const LEAST = 6 * REPEATS;

type Metric = readonly ['lower' | 'higher', number];

/**
 * @param real features of twice as many images as `generated`: the second half is the floor's
 * @param dim of a feature vector
 * @throws ModelError for fewer than LEAST generated images
 */
export function measure(
  real: Extracted,
  generated: Extracted,
  { dim, classes }: { dim: number; classes: number | undefined },
): Measures {
  const count = generated.features.length / dim;
  if (count < LEAST || real.features.length !== 2 * count * dim) {
    throw new ModelError(
      `expected at least ${LEAST} generated images and twice as many of the data, got ${count} and ${real.features.length / dim}`,
    );
  }
  const size = Math.floor(count / REPEATS);
  const rows = (of: Extracted, first: number): Extracted => ({
    features: of.features.subarray(first * dim, (first + size) * dim),
    ...(of.logits &&
      classes && { logits: of.logits.subarray(first * classes, (first + size) * classes) }),
  });
  const compared = Array.from({ length: REPEATS }, (_, i) => {
    const reference = rows(real, i * size);
    return {
      got: compare(reference, rows(generated, i * size), dim, classes),
      floor: compare(reference, rows(real, count + i * size), dim, classes),
    };
  });
  const names = Object.keys(compared[0]!.got);
  const metrics = names.map((name) => {
    const values = compared.map(({ got }) => got[name]![1]);
    const value = mean(values);
    const spread = values.reduce((sum, x) => sum + (x - value) ** 2, 0) / (REPEATS - 1);
    const floor = mean(compared.map((one) => one.floor[name]![1]));
    const better = compared[0]!.got[name]![0];
    return [name, { value, deviation: Math.sqrt(spread), floor, better }] as const;
  });
  const result = { size, repeats: REPEATS, metrics: Object.fromEntries(metrics) };
  if (!real.logits || !generated.logits || !classes) return result;
  const shares = (logits: Float32Array) =>
    modeHistogram(logits, classes).map((n) => n / (logits.length / classes));
  return { ...result, modes: { real: shares(real.logits), generated: shares(generated.logits) } };
}

function compare(
  real: Extracted,
  generated: Extracted,
  dim: number,
  classes: number | undefined,
): Record<string, Metric> {
  const few = [real, generated].map(({ features }) => features.subarray(0, PAIRED * dim));
  const near = neighbourhoods(few[0]!, few[1]!, dim);
  const scores: Record<string, Metric> = {
    'Fréchet distance': ['lower', frechet(real.features, generated.features, dim)],
    KID: ['lower', kernelDistance(few[0]!, few[1]!, dim)],
    precision: ['higher', near.precision],
    recall: ['higher', near.recall],
    density: ['higher', near.density],
    coverage: ['higher', near.coverage],
  };
  if (!real.logits || !generated.logits || !classes) return scores;
  const [a, b] = [real.logits, generated.logits].map((logits) => modeHistogram(logits, classes));
  return {
    ...scores,
    'classifier score': ['higher', classScore(generated.logits, classes)],
    'χ² of classes': ['lower', chiSquare(a!, b!)],
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
