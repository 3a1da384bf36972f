/**
 * Going back: training that has diverged goes on from its last checkpoint with a lower learning rate, as OPT's was kept going
 * (Zhang et al. 2022, section 2.5). The history in run.json records it, so that a resumed run knows.
 */
import type { Change, Run } from '@ganport/model/run';
import type { TrainConfig } from './config.ts';

/** Of a run whose configuration does not say: down to an eighth of the rate that it began with. */
const RETURNS = 3;

/** A change of the learning rate that training made itself. */
export type Return = Required<Pick<Change, 'step' | 'to' | 'why'>>;

export function returnsOf({ history = [] }: Run): Return[] {
  return history.flatMap(({ step, to, why }) => (why === undefined ? [] : [{ step, to, why }]));
}

/** Whether a run that has diverged may go back once more. */
export function mayReturn(run: Run, { recoveries = RETURNS }: TrainConfig): boolean {
  return returnsOf(run).length < recoveries;
}

export function withLowerRate(config: TrainConfig): TrainConfig {
  const { adam } = config;
  return { ...config, adam: { ...adam, learningRate: adam.learningRate / 2 } };
}
