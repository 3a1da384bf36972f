/** All that features tell of generated images, with ± over parts and beside what real images give. */
import { ModelError } from '@ganport/model';
import { chiSquare, classAccuracy, classScore, modeHistogram } from './class-scores.ts';
import type { Extracted } from './extractor.ts';
import { frechetTo } from './frechet.ts';
import { kernelDistances } from './kid.ts';
import { neighbourhoods } from './neighbours.ts';
import type { Parts } from './parts.ts';
import { mongeTo } from './sliced-wasserstein.ts';

type Better = 'lower' | 'higher';

/** Which way each metric is better. */
const BETTER = {
  KID: 'lower',
  'Fréchet distance': 'lower',
  MIND: 'lower',
  precision: 'higher',
  recall: 'higher',
  density: 'higher',
  coverage: 'higher',
  'classifier score': 'higher',
  'χ² of classes': 'lower',
  'class accuracy': 'higher',
} as const satisfies Record<string, Better>;

type MetricName = keyof typeof BETTER;
type Values = Partial<Record<MetricName, number>>;

/** Of a score that `measure` gives, or nothing. */
export function betterOf(name: string): Better | undefined {
  return Object.hasOwn(BETTER, name) ? BETTER[name as MetricName] : undefined;
}

interface Measured {
  value: number;
  /** Standard deviation over the repeats; of KID, over its subsets. */
  deviation: number;
  /** The same of other real images in place of the generated ones. */
  floor: number;
  floorDeviation: number;
  better: Better;
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

/** Rows of features, with the classes that their images should be of where these are known: [count]. */
export interface Labelled extends Extracted {
  labels?: readonly number[];
}

/**
 * @param real features of twice as many images as `generated`: the second half is the floor's
 * @param dim of a feature vector
 * @throws ModelError for fewer than LEAST generated images
 */
export function* measure(
  real: Labelled,
  generated: Labelled,
  { dim, classes }: { dim: number; classes: number | undefined },
): Parts<Measures> {
  const count = generated.features.length / dim;
  if (count < LEAST || real.features.length !== 2 * count * dim) {
    throw new ModelError(
      `expected at least ${LEAST} generated images and twice as many of the data, got ${count} and ${real.features.length / dim}`,
    );
  }
  const size = Math.floor(count / REPEATS);
  const rows = (of: Labelled, first: number): Labelled => ({
    features: of.features.subarray(first * dim, (first + size) * dim),
    ...(of.logits &&
      classes && { logits: of.logits.subarray(first * classes, (first + size) * classes) }),
    ...(of.labels && { labels: of.labels.slice(first, first + size) }),
  });
  const compared: Record<'got' | 'floor', Values>[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const compare = yield* comparedTo(rows(real, i * size), dim, classes);
    compared.push({
      got: yield* compare(rows(generated, i * size)),
      floor: yield* compare(rows(real, count + i * size)),
    });
  }
  const metrics: Record<string, Measured> = {
    KID: yield* kid(real.features, generated.features, dim),
  };
  for (const name of Object.keys(compared[0]!.got) as MetricName[]) {
    const values = compared.map(({ got }) => got[name]!);
    const floors = compared.map(({ floor }) => floor[name]!);
    metrics[name] = measured(BETTER[name], values, floors);
  }
  const result = { size, repeats: REPEATS, metrics };
  if (!real.logits || !generated.logits || !classes) return result;
  const shares = (logits: Float32Array) =>
    modeHistogram(logits, classes).map((n) => n / (logits.length / classes));
  return { ...result, modes: { real: shares(real.logits), generated: shares(generated.logits) } };
}

function* kid(real: Float32Array, generated: Float32Array, dim: number): Parts<Measured> {
  const [first, second] = [real.subarray(0, generated.length), real.subarray(generated.length)];
  const { distances, floors } = yield* kernelDistances(first, generated, second, dim);
  return measured(BETTER.KID, distances, floors);
}

function measured(better: Better, values: readonly number[], floors: readonly number[]): Measured {
  const [value, floor] = [mean(values), mean(floors)];
  const [deviation, floorDeviation] = [spread(values, value), spread(floors, floor)];
  return { value, deviation, floor, floorDeviation, better };
}

/** What compares sets with one of the data. */
function* comparedTo(
  real: Labelled,
  dim: number,
  classes: number | undefined,
): Parts<(generated: Labelled) => Parts<Values>> {
  const few = ({ features }: Labelled) => features.subarray(0, PAIRED * dim);
  const frechet = yield* frechetTo(real.features, dim);
  const monge = yield* mongeTo(real.features, dim);
  return function* (generated) {
    const near = yield* neighbourhoods(few(real), few(generated), dim);
    const { precision, recall, density, coverage } = near;
    const scores: Values = {
      'Fréchet distance': yield* frechet(generated.features),
      MIND: yield* monge(generated.features),
      ...{ precision, recall, density, coverage },
    };
    if (!real.logits || !generated.logits || !classes) return scores;
    const [a, b] = [real.logits, generated.logits].map((logits) => modeHistogram(logits, classes));
    return {
      ...scores,
      'classifier score': classScore(generated.logits, classes),
      'χ² of classes': chiSquare(a!, b!),
      ...(generated.labels && {
        'class accuracy': classAccuracy(generated.logits, classes, generated.labels),
      }),
    };
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

/** Standard deviation, of n − 1 degrees of freedom. */
function spread(values: readonly number[], about: number): number {
  const squares = values.reduce((sum, x) => sum + (x - about) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
