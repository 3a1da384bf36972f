/** Writes a run folder; its format is @ganport/model's run-folder.ts. */

import { appendFileSync, existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkpointMetadata,
  checkpointName,
  checkpointPath,
  checkpointSteps,
  fileError,
  type Pointed,
  type Pointer,
  pointerText,
  type Run,
  readPointer,
  removeTemporaryFiles,
  WARNINGS,
  writeFileAtomic,
  writeWeights,
} from '@ganport/model/node';
import type { State } from './engine.ts';
import { linesOf, readLog } from './metrics-log.ts';
import { makeFolder } from './new-run.ts';
import type { StateEntry } from './recipe/recipe.ts';
import type { SavedState } from './resume.ts';

/** Checkpoints kept beside the best: the last, and the one before it in case the last is damaged. */
const KEPT = 2;

/** The step in a checkpoint's or a picture's name. */
const STEP = /^step-(\d+)\.(?:safetensors|png)$/;

type Notice = ((line: string) => void) | undefined;

export interface RunWriter {
  logMetrics(line: Record<string, number | readonly number[]>): void;
  /** Says what is wrong at the moment, a line each, in place of what was. */
  saveWarnings(lines: readonly string[]): Promise<void>;
  saveSamples(step: number, png: Uint8Array): Promise<void>;
  /** Saves the state and points "latest" at it, and "best" too if so told. */
  saveCheckpoint(checkpoint: SavedCheckpoint): Promise<void>;
}

interface SavedCheckpoint {
  step: number;
  tensors: readonly Pick<StateEntry, 'name' | 'shape'>[];
  state: State;
  scores: Record<string, number>;
  best: boolean;
}

/**
 * Brings a run folder to how it was when the checkpoint was saved that it goes on from: what a
 * process wrote after it, or did not get to write, before it was killed. A folder that is so already
 * is left alone. Killed itself, it leaves what it can begin again.
 * @param onNotice told of metrics that are lost
 */
export async function tidyRun(
  folder: string,
  saved: Pick<SavedState, 'step' | 'best' | 'scores'>,
  onNotice?: Notice,
): Promise<void> {
  const { step, best } = saved;
  for (const part of ['.', 'samples', 'checkpoints']) {
    await removeTemporaryFiles(join(folder, part));
  }
  // Before what they may have named is removed.
  if (best) {
    await repoint(folder, 'latest', { name: checkpointName(step) });
    await repoint(folder, 'best', best);
  }
  for (const part of ['samples', 'checkpoints']) {
    for (const name of await readdir(join(folder, part)).catch((): string[] => [])) {
      if (Number(STEP.exec(name)?.[1]) > step) await rm(join(folder, part, name));
    }
  }
  await tidyMetrics(join(folder, 'metrics.jsonl'), saved, onNotice);
  if (best) await prune(folder);
}

/** Leaves the lines up to the saved step, in memory of no more than the file's size. What was lost is told. */
async function tidyMetrics(
  path: string,
  { step, scores }: Pick<SavedState, 'step' | 'scores'>,
  onNotice: Notice,
): Promise<void> {
  const logged = existsSync(path) ? await readLog(path) : Buffer.alloc(0);
  const kept = Buffer.allocUnsafeSlow(logged.length + 1);
  // A checkpoint's scores were logged before it was saved.
  const names = Object.keys(scores);
  let [filled, damaged, sinceKept, whole] = [0, 0, 0, false];
  for (const { start, end, line } of linesOf(logged)) {
    if (!line) sinceKept += 1;
    else if (line.step <= step) {
      filled += logged.copy(kept, filled, start, end);
      filled += kept.write('\n', filled);
      // Half a line at the end is what a process was writing as it was killed, after its last checkpoint.
      damaged += sinceKept;
      sinceKept = 0;
      whole ||= line.step === step && names.every((name) => name in line);
    }
  }
  const rest = kept.subarray(0, filled);
  if (!rest.equals(logged)) await writeFileAtomic(path, rest);
  const lost = [
    damaged > 0 ? `${damaged} damaged ${damaged > 1 ? 'lines were' : 'line was'} left out` : '',
    step > 0 && !whole ? `lines are missing up to step ${step}` : '',
  ].filter((said) => said !== '');
  if (lost.length > 0) onNotice?.(`${path} was cut or edited: ${lost.join(', and ')}`);
}

/** Writes into a folder that is locked for this run, new or to go on with. */
export async function openRun(folder: string, run: Run): Promise<RunWriter> {
  await writeFileAtomic(join(folder, 'run.json'), `${JSON.stringify(run, null, 2)}\n`);
  for (const part of ['samples', 'checkpoints']) await makeFolder(join(folder, part));
  // What was wrong before a run was resumed is told again if it still is.
  await rm(join(folder, WARNINGS), { force: true });
  return {
    logMetrics(line) {
      const path = join(folder, 'metrics.jsonl');
      try {
        appendFileSync(path, `${JSON.stringify(line)}\n`);
      } catch (error) {
        throw fileError(`write ${path}`, error);
      }
    },
    async saveWarnings(lines) {
      const path = join(folder, WARNINGS);
      if (lines.length === 0) await rm(path, { force: true });
      else await writeFileAtomic(path, `${JSON.stringify(lines, null, 2)}\n`);
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
      const metadata = checkpointMetadata(run, { step, scores });
      await writeWeights(checkpointPath(folder, name), named, metadata);
      // In this order: on resuming, "best" is compared with the latest.
      await point(folder, 'latest', { name });
      if (best) await point(folder, 'best', { name, scores });
      await prune(folder);
    },
  };
}

async function repoint(folder: string, pointer: Pointer, to: Pointed): Promise<void> {
  const pointed = await readPointer(folder, pointer).catch(() => undefined);
  if (pointed?.name !== to.name) await point(folder, pointer, to);
}

function point(folder: string, pointer: Pointer, pointed: Pointed): Promise<void> {
  return writeFileAtomic(join(folder, pointer), pointerText(pointed));
}

/** Removes checkpoints that neither pointer names and that are not among the last. */
async function prune(folder: string): Promise<void> {
  const names = (await checkpointSteps(folder)).map(checkpointName);
  const kept = new Set(names.slice(0, KEPT));
  for (const pointer of ['best', 'latest'] as const) {
    const pointed = await readPointer(folder, pointer).catch(() => undefined);
    if (pointed) kept.add(pointed.name);
  }
  for (const name of names) {
    if (!kept.has(name)) await rm(checkpointPath(folder, name));
  }
}
