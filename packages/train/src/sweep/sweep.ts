/** Trains and scores the runs of a sweep, one after the other; what is done already is left alone. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import { firstLine } from '@ganport/onnx';
import { DivergenceError } from '../divergence.ts';
import { makeFolder } from '../new-run.ts';
import { lockRun } from '../run-lock.ts';
import type { SweepPlan, SweepRun } from './plan.ts';
import { type RunRecord, readResults, writeResults } from './results.ts';

export interface TrainedRun {
  /** Steps done. */
  step: number;
  interrupted: boolean;
  warnings: string[];
  /** Of its last checkpoint, by name. */
  scores: Record<string, number>;
  /** Of this part of the training, if it had two steps. */
  msPerStep: number | undefined;
}

export interface SweepOptions {
  plan: SweepPlan;
  /** Which has a folder for each run, and results.json. */
  folder: string;
  /** Trains a run into a folder, or goes on with the one in it. */
  train: (run: SweepRun, folder: string, resume: boolean) => Promise<TrainedRun>;
  /** Numbers by name, of a run that was trained to its end. */
  score: (
    run: SweepRun,
    folder: string,
    trained: TrainedRun['scores'],
  ) => Promise<Record<string, number>>;
  /** Ends it, with what is under way saved by `train`. */
  signal: AbortSignal;
  /** Told of each run before it is trained: the first has number 1. */
  onRun?: (run: SweepRun, number: number) => void;
  /** Told after each, of all there is. */
  onRecord?: (records: readonly RunRecord[]) => Promise<void>;
  onNotice?: (line: string) => void;
}

export interface SweepResult {
  /** Those of the plan that were begun, in its order. */
  records: RunRecord[];
  interrupted: boolean;
}

/**
 * A run that fails, or diverges, is recorded; the next follows. It is tried again where its folder is gone.
 * @throws ModelError if the folder cannot be written, is in use, is itself a run, or has runs of these names with other settings
 */
export async function sweep(options: SweepOptions): Promise<SweepResult> {
  const { folder, onNotice } = options;
  if (existsSync(join(folder, 'run.json'))) {
    throw new ModelError(`${folder} is a run: choose another --out for the sweep's runs`);
  }
  await makeFolder(folder);
  const lock = await lockRun(folder, onNotice);
  try {
    return await sweepInto(options);
  } finally {
    await lock.release();
  }
}

async function sweepInto(options: SweepOptions): Promise<SweepResult> {
  const { plan, folder, signal, onRun, onRecord } = options;
  const records = await readResults(folder);
  for (const run of plan.runs) expectSame(run, records.get(run.name), folder);
  const ofPlan = () => plan.runs.flatMap(({ name }) => records.get(name) ?? []);
  const keep = async (record: RunRecord) => {
    records.set(record.name, record);
    await writeResults(folder, records);
    await onRecord?.(ofPlan());
  };
  for (const [index, run] of plan.runs.entries()) {
    if (signal.aborted) break;
    const path = join(folder, run.name);
    const before = existsSync(path) ? records.get(run.name) : undefined;
    if (isOver(before, run)) continue;
    onRun?.(run, index + 1);
    const { name, settings, digest } = run;
    const begun: RunRecord = { step: 0, ...before, name, settings, digest, status: 'training' };
    await keep(begun);
    await keep(await takeRun(begun, run, path, options));
  }
  await onRecord?.(ofPlan());
  const isLeft = plan.runs.some((run) => !isOver(records.get(run.name), run));
  return { records: ofPlan(), interrupted: signal.aborted && isLeft };
}

function isOver(record: RunRecord | undefined, { config }: SweepRun): boolean {
  if (record?.status === 'done') return record.step >= config.steps;
  return record?.status === 'failed';
}

/** @returns what is known of it then; if the signal has ended it, it goes on another time */
async function takeRun(
  begun: RunRecord,
  run: SweepRun,
  path: string,
  { train, score, signal }: SweepOptions,
): Promise<RunRecord> {
  let record = begun;
  try {
    const trained = await train(run, path, existsSync(join(path, 'run.json')));
    const { step, warnings, msPerStep = begun.msPerStep } = trained;
    record = { ...begun, step, warnings, ...(msPerStep !== undefined && { msPerStep }) };
    if (trained.interrupted) return record;
    return { ...record, status: 'done', scores: await score(run, path, trained.scores) };
  } catch (error) {
    if (signal.aborted) return record;
    const diverged = error instanceof DivergenceError && ({ diverged: true } as const);
    return { ...record, status: 'failed', error: firstLine(error), ...diverged };
  }
}

function expectSame(run: SweepRun, record: RunRecord | undefined, folder: string): void {
  if (!record || record.digest === run.digest) return;
  const path = join(folder, run.name);
  if (!existsSync(path)) return;
  throw new ModelError(
    `${path} was trained with other settings than it has now: choose another --out, or remove it`,
  );
}
