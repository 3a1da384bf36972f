/** Scores by name. To add one: a file that gives a function of features, and a line in the table. */
import { frechetTo } from './frechet.ts';
import type { Parts } from './parts.ts';
import { slicedWassersteinTo } from './sliced-wasserstein.ts';

export interface Metric {
  better: 'lower' | 'higher';
  /** The pixels in −1…1, or what a model of features makes of the images: where there is none, there is no score. */
  of: 'pixels' | 'features';
  /** How far n generated images are from n of the data, each a row of `dim` numbers: [n, dim]. */
  to(real: Float32Array, dim: number): Parts<(generated: Float32Array) => Parts<number>>;
}

/** What tells more comes first: that is what says which checkpoint is the best. */
export const METRICS = {
  frechet: { better: 'lower', of: 'features', to: frechetTo },
  swd: { better: 'lower', of: 'pixels', to: slicedWassersteinTo },
} as const satisfies Record<string, Metric>;

type MetricName = keyof typeof METRICS;
export type Scores = { swd: number } & Partial<Record<MetricName, number>>;

type Numbers = Readonly<Record<string, number | undefined>>;

const NAMES = Object.keys(METRICS) as MetricName[];

/**
 * The metric that decides between scores and those of the best so far: the first that both have. So a run
 * whose best has fewer, from an older ganport, goes on with the score it began with until that is beaten.
 */
export function decisive(scores: Numbers, best: Numbers = scores): MetricName | undefined {
  return NAMES.find((name) => scores[name] !== undefined && best[name] !== undefined);
}

/** Whether scores are better than those of the best so far, if there is one. */
export function isBetter(scores: Numbers, best: Numbers = {}): boolean {
  const name = decisive(scores, best);
  if (name === undefined) return NAMES.every((name) => best[name] === undefined);
  const [got, past] = [scores[name]!, best[name]!];
  const { better }: Metric = METRICS[name];
  return better === 'lower' ? got < past : got > past;
}
