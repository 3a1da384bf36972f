/** A run folder as it is told of: what was trained, how it went, and what was drawn on the way. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkpointStep,
  checkpointSteps,
  type Run,
  readFileWithin,
  readPointer,
  readRun,
  WARNINGS,
} from '@ganport/model/node';
import * as z from 'zod';
import { isLocked } from '../run-lock.ts';

/** The step in a picture's name. */
const PICTURE = /^step-(\d{6,15})\.png$/;

export interface RunSummary {
  folder: string;
  run: Run;
  /** Steps done, as far as a checkpoint has them. */
  steps: number;
  /** Whether a process trains it now, as far as can be told from here. */
  training: boolean;
  /** The best checkpoint's, if there is one. */
  best: { step: number; scores: Record<string, number> } | undefined;
}

/** @throws ModelError if the folder is no run */
export async function readSummary(folder: string): Promise<RunSummary> {
  const run = await readRun(folder);
  const [steps = 0] = await checkpointSteps(folder);
  const pointed = await readPointer(folder, 'best').catch(() => undefined);
  const best = pointed && {
    step: checkpointStep(pointed.name),
    scores: pointed.scores ?? {},
  };
  return { folder, run, steps, training: await isLocked(folder), best };
}

/** A folder with a run.json that is not one of ours, and why, in one line. */
export interface Unreadable {
  folder: string;
  reason: string;
}

export interface FoundRuns {
  runs: RunSummary[];
  unreadable: Unreadable[];
  /** Folders that are no runs and have some, as sweeps' do. */
  folders: { folder: string; count: number }[];
}

/** Folders directly in one, or itself, that are runs: in the order of their names. What has no run.json is none. */
export async function findRuns(folder: string): Promise<FoundRuns> {
  const paths = [folder, ...(await pathsIn(folder))];
  const found: FoundRuns = { runs: [], unreadable: [], folders: [] };
  for (const path of paths) {
    if (!isRun(path)) {
      const count = path === folder ? 0 : (await pathsIn(path)).filter(isRun).length;
      if (count > 0) found.folders.push({ folder: path, count });
      continue;
    }
    try {
      found.runs.push(await readSummary(path));
    } catch (error) {
      found.unreadable.push({ folder: path, reason: (error as Error).message });
    }
  }
  return found;
}

function isRun(path: string): boolean {
  return existsSync(join(path, 'run.json'));
}

/** What is in a folder, in order; nothing of what is none. */
async function pathsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.sort().map((name) => join(folder, name));
}

const MAX_WARNINGS_BYTES = 2 ** 16;

/** What is wrong with the training as it stands, or ended. A list that cannot be read has nothing. */
export async function readWarnings(folder: string): Promise<string[]> {
  try {
    const path = join(folder, WARNINGS);
    const text = (await readFileWithin(path, MAX_WARNINGS_BYTES)).toString('utf8');
    return z.array(z.string()).parse(JSON.parse(text));
  } catch {
    return [];
  }
}

export interface Picture {
  step: number;
  path: string;
}

/** What a picture may weigh: 64 images of noise, in colour, of 512 × 512 pixels. */
const MAX_PICTURE_BYTES = 2 ** 26;

/** The PNG. @throws ModelError if it cannot be read */
export function readPicture({ path }: Picture): Promise<Buffer> {
  return readFileWithin(path, MAX_PICTURE_BYTES);
}

/** Steps that there are pictures of, in order, and their paths. */
export async function pictures(folder: string): Promise<Picture[]> {
  const names = await readdir(join(folder, 'samples')).catch((): string[] => []);
  return names
    .flatMap((name) => {
      const [, step] = PICTURE.exec(name) ?? [];
      return step ? [{ step: Number(step), path: join(folder, 'samples', name) }] : [];
    })
    .sort((a, b) => a.step - b.step);
}

/** The first and the last, and of the others as many as there is room for. */
export function spread<T>(all: readonly T[], most: number): T[] {
  const every = Math.max(1, (all.length - 1) / (most - 1));
  return Array.from({ length: Math.min(all.length, most) }, (_, i) => all[Math.round(i * every)]!);
}
