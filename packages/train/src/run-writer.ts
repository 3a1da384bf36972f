/** Writes a run folder; its format is @ganport/model's run-folder.ts. */

import {
  checkpointFile,
  checkpointMetadata,
  checkpointName,
  checkpointSteps,
  encodeWeights,
  type Pointed,
  type Pointer,
  pointerText,
  type Run,
  type RunStore,
  readPointer,
  WARNINGS,
} from '@ganport/model/run';
import type { State } from './engine.ts';
import { linesOf, MAX_LOG_BYTES } from './metrics-log.ts';
import type { StateEntry } from './recipe/recipe.ts';
import type { SavedState } from './resume.ts';

export const METRICS = 'metrics.jsonl';
const NEWLINE = 0x0a;

/** Checkpoints kept beside the best: the last, and the one before it in case the last is damaged. */
const KEPT = 2;

/** The step in a checkpoint's or a picture's name. */
const STEP = /^step-(\d+)\.(?:safetensors|png)$/;

type Notice = ((line: string) => void) | undefined;

export interface RunWriter {
  logMetrics(line: Record<string, number | readonly number[]>): Promise<void>;
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
  store: RunStore,
  saved: Pick<SavedState, 'step' | 'best' | 'scores'>,
  onNotice?: Notice,
): Promise<void> {
  const { step, best } = saved;
  await store.removeUnfinished();
  // Before what they may have named is removed.
  if (best) {
    await repoint(store, 'latest', { name: checkpointName(step) });
    await repoint(store, 'best', best);
  }
  for (const part of ['samples', 'checkpoints']) {
    for (const name of await store.list(part)) {
      if (Number(STEP.exec(name)?.[1]) > step) await store.remove(`${part}/${name}`);
    }
  }
  await tidyMetrics(store, saved, onNotice);
  if (best) await prune(store);
}

/** Leaves the lines up to the saved step, in memory of no more than the file's size. What was lost is told. */
async function tidyMetrics(
  store: RunStore,
  { step, scores }: Pick<SavedState, 'step' | 'scores'>,
  onNotice: Notice,
): Promise<void> {
  const there = await store.has(METRICS);
  const logged = there ? await store.read(METRICS, MAX_LOG_BYTES) : new Uint8Array();
  const kept = new Uint8Array(logged.length + 1);
  // A checkpoint's scores were logged before it was saved.
  const names = Object.keys(scores);
  let [filled, damaged, sinceKept, whole] = [0, 0, 0, false];
  for (const { start, end, line } of linesOf(logged)) {
    if (!line) sinceKept += 1;
    else if (line.step <= step) {
      kept.set(logged.subarray(start, end), filled);
      filled += end - start;
      kept[filled++] = NEWLINE;
      // Half a line at the end is what a process was writing as it was killed, after its last checkpoint.
      damaged += sinceKept;
      sinceKept = 0;
      whole ||= line.step === step && names.every((name) => name in line);
    }
  }
  const rest = kept.subarray(0, filled);
  if (!isSame(rest, logged)) await store.write(METRICS, rest);
  const lost = [
    damaged > 0 ? `${damaged} damaged ${damaged > 1 ? 'lines were' : 'line was'} left out` : '',
    step > 0 && !whole ? `lines are missing up to step ${step}` : '',
  ].filter((said) => said !== '');
  const path = store.pathOf(METRICS);
  if (lost.length > 0) onNotice?.(`${path} was cut or edited: ${lost.join(', and ')}`);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Writes where there is nothing but this run, new or to go on with. */
export async function openRun(store: RunStore, run: Run): Promise<RunWriter> {
  await store.write('run.json', `${JSON.stringify(run, null, 2)}\n`);
  // What was wrong before a run was resumed is told again if it still is.
  await store.remove(WARNINGS);
  return {
    logMetrics: (line) => store.append(METRICS, `${JSON.stringify(line)}\n`),
    async saveWarnings(lines) {
      if (lines.length === 0) await store.remove(WARNINGS);
      else await store.write(WARNINGS, `${JSON.stringify(lines, null, 2)}\n`);
    },
    async saveSamples(step, png) {
      await store.write(`samples/${checkpointName(step).replace('safetensors', 'png')}`, png);
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
      const { bytes } = await encodeWeights({ tensors: named, metadata }, store.sha256);
      await store.write(checkpointFile(name), bytes);
      // In this order: on resuming, "best" is compared with the latest.
      await point(store, 'latest', { name });
      if (best) await point(store, 'best', { name, scores });
      await prune(store);
    },
  };
}

async function repoint(store: RunStore, pointer: Pointer, to: Pointed): Promise<void> {
  const pointed = await readPointer(store, pointer).catch(() => undefined);
  if (pointed?.name !== to.name) await point(store, pointer, to);
}

function point(store: RunStore, pointer: Pointer, pointed: Pointed): Promise<void> {
  return store.write(pointer, pointerText(pointed));
}

/** Removes checkpoints that neither pointer names and that are not among the last. */
async function prune(store: RunStore): Promise<void> {
  const names = (await checkpointSteps(store)).map(checkpointName);
  const kept = new Set(names.slice(0, KEPT));
  for (const pointer of ['best', 'latest'] as const) {
    const pointed = await readPointer(store, pointer).catch(() => undefined);
    if (pointed) kept.add(pointed.name);
  }
  for (const name of names) {
    if (!kept.has(name)) await store.remove(checkpointFile(name));
  }
}
