/** Scores by name. To add one: a file that gives a function of features, and a line in the table. */
import { slicedWasserstein } from './sliced-wasserstein.ts';

export interface Metric {
  better: 'lower' | 'higher';
  /**
   * Compares n generated images with n of the data, each a row of `dim` features: [n, dim].
   * Features are the pixels in −1…1.
   */
  score(real: Float32Array, generated: Float32Array, dim: number): number;
}

export const METRICS = {
  swd: { better: 'lower', score: slicedWasserstein },
} as const satisfies Record<string, Metric>;

export type Scores = Record<keyof typeof METRICS, number>;

/** The metric that says which checkpoint is the best. */
export const DECISIVE: keyof typeof METRICS = 'swd';

/** Whether scores are better than those of the best so far, if there is one. */
export function isBetter(
  scores: Readonly<Record<string, number>>,
  best: Readonly<Record<string, number>> | undefined,
): boolean {
  const [got = Number.NaN, past] = [scores[DECISIVE], best?.[DECISIVE]];
  if (past === undefined) return true;
  const { better }: Metric = METRICS[DECISIVE];
  return better === 'lower' ? got < past : got > past;
}
