/** Training that has diverged: nothing that is not finite may become a checkpoint. */
import { ModelError } from '@ganport/model';
import { nonFinite } from '@ganport/model/run';
import type { TrainConfig } from './config.ts';
import { largest } from './recipe/schedules.ts';
import type { Return } from './returns.ts';

/** Where training stands, and what a person can change of it. */
export interface Standing {
  step: number;
  /** The step of the last checkpoint; 0 where there is none. */
  saved: number;
  config: Pick<TrainConfig, 'adam' | 'penalties'>;
  /** Where a command line finds it; undefined in a page, which has none. */
  folder?: string | undefined;
  /** What has been tried. */
  returns: readonly Return[];
}

export class DivergenceError extends ModelError {
  override name = 'DivergenceError';
  /** "at step 7 gLoss is NaN". */
  readonly found: string;
  /** The step of the last checkpoint; 0 where there is none. */
  readonly saved: number;

  constructor(found: string, { saved, returns, ...run }: Standing) {
    super(
      `training diverged: ${found}${afterReturns(returns)}; try ${remedyOf(run)}. ${whatIsSaved(saved)}`,
    );
    this.found = found;
    this.saved = saved;
  }
}

/**
 * @param values what there is after a step, by names for the error: tensors, losses, scores
 * @throws DivergenceError that says which of them has NaN or an infinity, what to change, and what is saved
 */
export function expectFinite(
  values: Readonly<Record<string, number | Float32Array>>,
  standing: Standing,
): void {
  for (const [name, value] of Object.entries(values)) {
    const odd = nonFinite(typeof value === 'number' ? [value] : value);
    if (odd === undefined) continue;
    const what = typeof value === 'number' ? `${name} is ${odd}` : `there is ${odd} in ${name}`;
    throw new DivergenceError(`at step ${standing.step} ${what}`, standing);
  }
}

function afterReturns(returns: readonly Return[]): string {
  if (returns.length === 0) return '';
  const each = returns.map(({ step, to }) => `to step ${step} with the learning rate ${to}`);
  return `, after going back ${each.join(', ')}`;
}

/** @param saved the step of the last checkpoint, or 0 */
export function whatIsSaved(saved: number): string {
  return saved > 0 ? `The checkpoint of step ${saved} is intact.` : 'There was no checkpoint yet.';
}

/** Larger weights of penalties than were published diverge sooner than any learning rate in use. */
const LARGE_PENALTY = 100;

function remedyOf({
  config: { adam, penalties },
  folder,
}: Pick<Standing, 'config' | 'folder'>): string {
  const { learningRate } = adam;
  const lower = Number((learningRate / 10).toPrecision(2));
  const command =
    folder === undefined ? `such as ${lower}` : `--resume ${folder} --learning-rate ${lower}`;
  const rate = `a lower learning rate, now ${learningRate}: ${command}`;
  const weights = Object.entries(penalties)
    .map(([name, weight]) => [name, largest(weight)] as const)
    .filter(([, weight]) => weight > 0);
  if (weights.length === 0) return rate;
  const now = weights.map(([name, weight]) => `${name} ${weight}`).join(', ');
  const smaller = `smaller penalties in a new run, now ${now}`;
  const large = weights.some(([, weight]) => weight > LARGE_PENALTY);
  return (large ? [smaller, rate] : [rate, smaller]).join('; or ');
}
