/** A run folder as it is told of: what was trained, how it went, and what was drawn on the way. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkpointSteps,
  type Run,
  readFileWithin,
  readPointer,
  readRun,
} from '@ganport/model/node';

/** Ten million lines of metrics.jsonl, and the longest that may be one. */
const MAX_LOG_BYTES = 2 ** 31 - 1;
const MAX_LINE_BYTES = 2 ** 16;
const NEWLINE = 0x0a;

/** The step in a picture's name. */
const PICTURE = /^step-(\d{6,15})\.png$/;

/** Values of a metric by step, in order. */
export type Series = [step: number, value: number][];

export interface RunSummary {
  folder: string;
  run: Run;
  /** Steps done, as far as a checkpoint has them. */
  steps: number;
  /** The best checkpoint's, if there is one. */
  best: { step: number; scores: Record<string, number> } | undefined;
}

/** @throws ModelError if the folder is no run */
export async function readSummary(folder: string): Promise<RunSummary> {
  const run = await readRun(folder);
  const [steps = 0] = await checkpointSteps(folder);
  const pointed = await readPointer(folder, 'best').catch(() => undefined);
  const step = Number(/\d+/.exec(pointed?.name ?? '')?.[0]);
  const best = pointed ? { step, scores: pointed.scores ?? {} } : undefined;
  return { folder, run, steps, best };
}

/** Folders directly in one, or itself, that are runs: in the order of their names. */
export async function findRuns(folder: string): Promise<RunSummary[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const all = await Promise.all(
    [folder, ...names.sort().map((name) => join(folder, name))].map((path) =>
      readSummary(path).catch(() => undefined),
    ),
  );
  return all.filter((summary) => summary !== undefined);
}

/**
 * Metrics by name. Lines that are damaged are left out, as a process that was killed may leave one.
 * @throws ModelError if there is no log, or no regular file in its place
 */
export async function readMetrics(folder: string): Promise<Map<string, Series>> {
  const bytes = await readFileWithin(join(folder, 'metrics.jsonl'), MAX_LOG_BYTES);
  const metrics = new Map<string, Series>();
  for (let start = 0, end: number; start < bytes.length; start = end + 1) {
    end = bytes.indexOf(NEWLINE, start);
    if (end < 0) end = bytes.length;
    if (end - start > MAX_LINE_BYTES) continue;
    for (const [name, step, value] of valuesOf(bytes.toString('utf8', start, end))) {
      const series = metrics.get(name) ?? [];
      series.push([step, value]);
      metrics.set(name, series);
    }
  }
  return metrics;
}

function* valuesOf(text: string): Generator<[name: string, step: number, value: number]> {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return;
  }
  const { step, ...values } = (line ?? {}) as Record<string, unknown>;
  if (typeof step !== 'number') return;
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'number') yield [name, step, value];
  }
}

/** Steps that there are pictures of, in order, and their paths. */
export async function pictures(folder: string): Promise<{ step: number; path: string }[]> {
  const names = await readdir(join(folder, 'samples')).catch((): string[] => []);
  return names
    .flatMap((name) => {
      const [, step] = PICTURE.exec(name) ?? [];
      return step ? [{ step: Number(step), path: join(folder, 'samples', name) }] : [];
    })
    .sort((a, b) => a.step - b.step);
}
