/** How large the generator's gradient is, by the moments that a state keeps of it. */
import type { TrainConfig } from './config.ts';
import type { State } from './engine.ts';
import { valueAt } from './recipe/schedules.ts';

/** Root mean squares over the generator's weights. */
export interface GradientSize {
  /** Of the first moments: the mean of the last few gradients. */
  now: number;
  /** By the second moments, which remember many more. */
  before: number;
}

/** @param state after `step` steps, one update of the generator in each */
export function generatorGradient(
  state: Readonly<State>,
  { adam: { beta1, beta2 } }: Pick<TrainConfig, 'adam'>,
  step: number,
): GradientSize {
  // Moments begin at 0, which Adam makes good so too.
  const now = Math.sqrt(meanOf(state, 'adam_m.generator.', (m) => m * m)) / (1 - beta1 ** step);
  const squares = meanOf(state, 'adam_v.generator.', (v) => v) / (1 - valueAt(beta2, step) ** step);
  return { now, before: Math.sqrt(squares) };
}

function meanOf(state: Readonly<State>, prefix: string, of: (moment: number) => number): number {
  let [sum, count] = [0, 0];
  for (const [name, moments] of Object.entries(state)) {
    if (!name.startsWith(prefix)) continue;
    for (const moment of moments) sum += of(moment);
    count += moments.length;
  }
  return sum / count;
}
