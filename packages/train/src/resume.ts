/** What a resumed run goes on from: the run as it was, and the state that a checkpoint of it holds. */
import { ModelError, quote } from '@ganport/model';
import {
  type Checkpoint,
  type CheckpointChoice,
  checkpointName,
  checkpointStep,
  checkpointSteps,
  checkpointTensor,
  differenceOf,
  isUnsaved,
  originOf,
  type Pointed,
  type Run,
  type RunStore,
  readCheckpoint,
  readPointer,
  readRun,
  runAt,
  runOf,
} from '@ganport/model/run';
import type { TrainConfig } from './config.ts';
import type { Dataset } from './data/dataset.ts';
import type { State } from './engine.ts';
import { isBetter } from './evaluate/metrics.ts';
import type { StateEntry } from './recipe/recipe.ts';

export interface SavedState {
  /** Steps done. */
  step: number;
  state: State;
  scores: Record<string, number>;
  /** The best checkpoint so far, if there is one, with its scores. */
  best: Required<Pointed> | undefined;
}

export interface Resumed {
  /** As it was when it had begun to go on from that step: later changes are undone. */
  run: Run;
  /** Nothing for a run that was ended before its first checkpoint: it starts again. */
  saved: SavedState | undefined;
}

export interface ResumeOptions {
  /** What it goes on with. */
  config: TrainConfig;
  dataset: Pick<Dataset, 'name' | 'sha256'>;
  /** What the state has, with the networks that are trained now. */
  tensors: readonly Pick<StateEntry, 'name' | 'shape'>[];
  /** The latest by default. */
  checkpoint?: CheckpointChoice | undefined;
  /** Told in one line what a person should know. */
  onNotice?: ((line: string) => void) | undefined;
}

/**
 * Reads what to go on from.
 * @throws ModelError if the data or the configuration are not the run's, or its checkpoint is missing,
 * damaged, of other networks or another configuration, or has what is not finite
 */
export async function loadRun(store: RunStore, options: ResumeOptions): Promise<Resumed> {
  const { config, dataset, tensors, checkpoint: choice = 'latest', onNotice } = options;
  const current = await readRun(store);
  expectDataOf(store.name, current, dataset);
  if (choice === 'latest' && (await isUnsaved(store))) {
    onNotice?.(`${store.name} has no checkpoint yet: it starts again from step 0`);
    const run = runAt(current, 1);
    expectSettings(store, run, config);
    return { run, saved: undefined };
  }
  const checkpoint = await readCheckpoint(store, choice);
  expectSettings(store, runOf(checkpoint, current, store), config);
  const state: State = {};
  for (const { name, shape } of tensors) state[name] = checkpointTensor(checkpoint, name, shape);
  const best = await findBest(store, checkpoint, onNotice);
  const { step, scores } = checkpoint;
  const [last = step] = await checkpointSteps(store);
  // Of the latest, what is after it was left by a process that was killed.
  if (choice !== 'latest' && last > step) {
    onNotice?.(
      `going back to step ${step}: the checkpoints after it, to step ${last}, give way to what is trained now`,
    );
  }
  return { run: runAt(current, step + 1), saved: { step, state, scores, best } };
}

/** @throws ModelError unless a data set is what a run was trained on */
export function expectDataOf(
  what: string,
  { dataset: expected }: Pick<Run, 'dataset'>,
  { name, sha256 }: Pick<Dataset, 'name' | 'sha256'>,
): void {
  if (sha256 === expected.sha256) return;
  throw new ModelError(
    `the data are not those of ${what}: expected ${expected.name} with SHA-256 ${expected.sha256}, got ${name} with ${sha256}`,
  );
}

/** What is gone on with is what was trained with, but for what may change. */
function expectSettings({ pathOf }: RunStore, run: Run, config: TrainConfig): void {
  const was = originOf(run);
  // Of what changes weights, the one setting that may be another.
  const { learningRate } = (was.config.adam ?? {}) as Partial<TrainConfig['adam']>;
  const now = { ...config, adam: { ...config.adam, learningRate } };
  const changed = differenceOf(was, originOf({ ...run, config: now }));
  if (!changed) return;
  const expected = `${quote(changed.was)} as in ${pathOf('run.json')}`;
  throw new ModelError(
    `${changed.field} cannot change in a run that is resumed: expected ${expected}, got ${quote(changed.is)}`,
  );
}

/** The best checkpoint up to the one to go on from. */
async function findBest(
  store: RunStore,
  { step, scores }: Checkpoint,
  onNotice: ResumeOptions['onNotice'],
): Promise<Required<Pointed>> {
  const name = checkpointName(step);
  const best = await readBest(store).catch((error: Error) => {
    onNotice?.(`${error.message}; the best is looked for from step ${step} on`);
    return undefined;
  });
  // A process that was killed between the two pointers had not yet compared them; and of what is
  // trained anew there is no best.
  const stands = best && checkpointStep(best.name) <= step && !isBetter(scores, best.scores);
  return stands ? best : { name, scores };
}

async function readBest(store: RunStore): Promise<Required<Pointed>> {
  const { name, scores } = await readPointer(store, 'best');
  // Where the pointer has the scores, the checkpoint itself may be damaged.
  return { name, scores: scores ?? (await readCheckpoint(store, 'best')).scores };
}
