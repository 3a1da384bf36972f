/** What a resumed run goes on from: its data, and the state its latest checkpoint holds. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import {
  type Checkpoint,
  checkpointTensor,
  type Pointer,
  readCheckpoint,
  readPointer,
  readRun,
} from '@ganport/model/node';
import type { Dataset } from './data/index.ts';
import type { State } from './engine.ts';
import { type Gan, stateTensors } from './gan.ts';

export interface SavedState {
  /** Steps done. */
  step: number;
  state: State;
  scores: Record<string, number>;
  /** Scores of the best checkpoint so far. */
  best: Record<string, number> | undefined;
}

/**
 * Reads the state to go on from.
 * @throws ModelError if the data are not the run's, or a checkpoint is missing, damaged, or not of
 * these networks.
 */
export async function loadState(
  folder: string,
  gan: Gan,
  { ema, dataset }: { ema: number; dataset: Pick<Dataset, 'name' | 'sha256'> },
): Promise<SavedState> {
  const { dataset: trainedOn } = await readRun(folder);
  if (dataset.sha256 !== trainedOn.sha256) {
    throw new ModelError(
      `the data are not those of ${folder}: expected ${trainedOn.name} with SHA-256 ${trainedOn.sha256}, got ${dataset.name} with ${dataset.sha256}`,
    );
  }
  const checkpoint = await readOrName(folder, 'latest');
  const state: State = {};
  for (const { name, shape } of stateTensors(gan, ema)) {
    state[name] = checkpointTensor(checkpoint, name, shape);
  }
  const { step, scores } = checkpoint;
  const best = await readOrName(folder, 'best');
  return { step, state, scores, best: best.scores };
}

/** Reads a checkpoint; the error for a damaged one names those there are beside it. */
async function readOrName(folder: string, pointer: Pointer): Promise<Checkpoint> {
  const name = await readPointer(folder, pointer);
  try {
    return await readCheckpoint(folder, pointer);
  } catch (error) {
    const present = await readdir(join(folder, 'checkpoints')).catch((): string[] => []);
    const others = present.filter((other) => other !== name && other.endsWith('.safetensors'));
    if (!(error instanceof ModelError) || others.length === 0) throw error;
    throw new ModelError(
      `${error.message}; to use another, write its name into ${join(folder, pointer)}: ${others.join(' or ')}`,
    );
  }
}
