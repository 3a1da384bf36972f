/** What a resumed run goes on from: its data, and the state its latest checkpoint holds. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import {
  type Checkpoint,
  checkpointName,
  checkpointTensor,
  isUnsaved,
  type Pointed,
  readCheckpoint,
  readPointer,
  readRun,
} from '@ganport/model/node';
import type { Dataset } from './data/index.ts';
import { nonFinite } from './divergence.ts';
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

export interface LoadOptions {
  dataset: Pick<Dataset, 'name' | 'sha256'>;
  /** What the state has, with the networks that are trained now. */
  tensors: readonly Pick<StateEntry, 'name' | 'shape'>[];
  /** Told in one line what a person should know. */
  onNotice?: ((line: string) => void) | undefined;
}

/**
 * Reads the state to go on from.
 * @returns undefined for a run that was ended before its first checkpoint: it starts again
 * @throws ModelError if the data are not the run's, or its latest checkpoint is missing, damaged, not
 * of these networks, or has what is not finite
 */
export async function loadState(
  folder: string,
  { dataset, tensors, onNotice }: LoadOptions,
): Promise<SavedState | undefined> {
  const { dataset: trainedOn } = await readRun(folder);
  if (dataset.sha256 !== trainedOn.sha256) {
    throw new ModelError(
      `the data are not those of ${folder}: expected ${trainedOn.name} with SHA-256 ${trainedOn.sha256}, got ${dataset.name} with ${dataset.sha256}`,
    );
  }
  if (isUnsaved(folder)) {
    onNotice?.(`${folder} has no checkpoint yet: it starts again from step 0`);
    return undefined;
  }
  const checkpoint = await readLatest(folder);
  const state: State = {};
  for (const { name, shape } of tensors) state[name] = checkpointTensor(checkpoint, name, shape);
  const { step, scores } = checkpoint;
  const latest = { name: checkpointName(step), scores };
  const best = await readBest(folder).catch((error: Error) => {
    onNotice?.(`${error.message}; the best is looked for from step ${step} on`);
    return undefined;
  });
  // A process that was killed between the two pointers had not yet compared them.
  return { step, state, scores, best: best && !isBetter(scores, best.scores) ? best : latest };
}

async function readBest(folder: string): Promise<Required<Pointed>> {
  const { name, scores } = await readPointer(folder, 'best');
  // Where the pointer has the scores, the checkpoint itself may be damaged.
  return { name, scores: scores ?? (await readCheckpoint(folder, 'best')).scores };
}

/** Reads the latest checkpoint; the error for one that cannot be used names those there are beside it. */
async function readLatest(folder: string): Promise<Checkpoint> {
  try {
    const checkpoint = await readCheckpoint(folder, 'latest');
    expectSound(checkpoint);
    return checkpoint;
  } catch (error) {
    const named = await readPointer(folder, 'latest').catch(() => undefined);
    const present = await readdir(join(folder, 'checkpoints')).catch((): string[] => []);
    const others = present.filter(
      (other) => other !== named?.name && other.endsWith('.safetensors'),
    );
    if (!(error instanceof ModelError) || others.length === 0) throw error;
    throw new ModelError(
      `${error.message}; to use another, write its name into ${join(folder, 'latest')}: ${others.join(' or ')}`,
    );
  }
}

/** ganport 0.1.0 saved checkpoints also of training that had diverged. */
function expectSound({ path, tensors }: Checkpoint): void {
  for (const [name, { dtype, data }] of Object.entries(tensors)) {
    const odd = dtype === 'float32' ? nonFinite(data as Float32Array) : undefined;
    if (odd === undefined) continue;
    throw new ModelError(`${path} is of training that had diverged: there is ${odd} in ${name}`);
  }
}
