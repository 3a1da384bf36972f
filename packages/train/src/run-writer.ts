/** Writes a run folder; its format is @ganport/model's run-folder.ts. */

import { appendFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CHECKPOINT_FORMAT,
  checkpointName,
  checkpointPath,
  fileError,
  type Pointer,
  type Run,
  removeTemporaryFiles,
  writeFileAtomic,
  writeWeights,
} from '@ganport/model/node';
import type { State } from './engine.ts';
import type { StateTensor } from './gan.ts';
import { makeFolder } from './new-run.ts';

/** Checkpoints kept beside the best: the last, and the one before it in case the last is damaged. */
const KEPT = 2;

export interface RunWriter {
  logMetrics(line: Record<string, number>): void;
  saveSamples(step: number, png: Uint8Array): Promise<void>;
  /** Saves the state and points "latest" at it, and "best" too if so told. */
  saveCheckpoint(checkpoint: SavedCheckpoint): Promise<void>;
}

export interface SavedCheckpoint {
  step: number;
  tensors: readonly StateTensor[];
  state: State;
  scores: Record<string, number>;
  best: boolean;
}

/** Opens a run folder to go on from `step`: metrics logged after it are dropped. */
export async function reopenRun(folder: string, run: Run, step: number): Promise<RunWriter> {
  // What a process that was killed did not get to rename.
  for (const part of ['.', 'samples', 'checkpoints']) {
    await removeTemporaryFiles(join(folder, part));
  }
  const path = join(folder, 'metrics.jsonl');
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n');
  const kept = lines.filter((line) => stepOf(line) <= step);
  await writeFileAtomic(path, kept.map((line) => `${line}\n`).join(''));
  return createRun(folder, run);
}

function stepOf(line: string): number {
  try {
    return Number(JSON.parse(line).step);
  } catch {
    return Number.NaN;
  }
}

/** Writes into a folder that is locked for this run. */
export async function createRun(folder: string, run: Run): Promise<RunWriter> {
  await writeFileAtomic(join(folder, 'run.json'), `${JSON.stringify(run, null, 2)}\n`);
  for (const part of ['samples', 'checkpoints']) await makeFolder(join(folder, part));
  const point = (pointer: Pointer, name: string) =>
    writeFileAtomic(join(folder, pointer), `${name}\n`);
  return {
    logMetrics(line) {
      const path = join(folder, 'metrics.jsonl');
      try {
        appendFileSync(path, `${JSON.stringify(line)}\n`);
      } catch (error) {
        throw fileError(`write ${path}`, error);
      }
    },
    async saveSamples(step, png) {
      await writeFileAtomic(
        join(folder, 'samples', checkpointName(step).replace('safetensors', 'png')),
        png,
      );
    },
    async saveCheckpoint({ step, tensors, state, scores, best }) {
      const name = checkpointName(step);
      const named = Object.fromEntries(
        tensors.map(({ name, shape }) => [
          name,
          { dtype: 'float32' as const, shape, data: state[name]! },
        ]),
      );
      const metadata = {
        format: CHECKPOINT_FORMAT,
        step: String(step),
        scores: JSON.stringify(scores),
      };
      await writeWeights(checkpointPath(folder, name), named, metadata);
      await point('latest', name);
      if (best) await point('best', name);
      await prune(folder);
    },
  };
}

/** Removes checkpoints that neither pointer names and that are not among the last. */
async function prune(folder: string): Promise<void> {
  const names = (await readdir(join(folder, 'checkpoints'))).filter((name) =>
    /^step-\d+\.safetensors$/.test(name),
  );
  const steps = (name: string) => Number(name.match(/\d+/)![0]);
  const kept = new Set(names.sort((a, b) => steps(b) - steps(a)).slice(0, KEPT));
  for (const pointer of ['best', 'latest']) {
    kept.add((await readFile(join(folder, pointer), 'utf8').catch(() => '')).trim());
  }
  for (const name of names) {
    if (!kept.has(name)) await rm(checkpointPath(folder, name));
  }
}
