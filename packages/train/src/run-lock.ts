/** A lock keeps a second process, or a second run in this one, out of a run folder. */
import { randomUUID } from 'node:crypto';
import { type FileHandle, link, lstat, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ModelError } from '@ganport/model';
import { fileError, LOCK, temporaryPath } from '@ganport/model/node';
import * as z from 'zod';

const holderSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** When the process started, where the system says: numbers of processes are used again. */
  started: z.string().optional(),
  /** Tells this lock from any other. */
  id: z.string(),
});

type Holder = z.infer<typeof holderSchema>;

export interface RunLock {
  readonly folder: string;
  /** Gives the folder free; a second time, nothing happens. */
  release(): Promise<void>;
}

/**
 * Locks a run folder. The lock of a process that has ended, as after a crash, is taken over.
 * @param onNotice told whose lock that was
 * @throws ModelError if another run has the folder, or it cannot be written
 */
export async function lockRun(folder: string, onNotice?: (line: string) => void): Promise<RunLock> {
  const path = join(folder, LOCK);
  const { pid } = process;
  const holder: Holder = { pid, host: hostname(), id: randomUUID() };
  const started = await processStart(pid);
  const text = `${JSON.stringify(started === undefined ? holder : { ...holder, started })}\n`;
  try {
    while (!(await create(path, text))) {
      const found = await readLock(path);
      if (found === undefined) continue;
      const other = isWhole(found) ? parseHolder(found, path) : undefined;
      if (other && (await mayRun(other))) throw new ModelError(taken(folder, path, other));
      const whose = other ? `process ${other.pid}, which has ended` : 'a process that was killed';
      if (await remove(path, found)) onNotice?.(`${folder} was locked by ${whose}: going on`);
    }
  } catch (error) {
    throw error instanceof ModelError ? error : fileError(`lock ${folder}`, error);
  }
  return {
    folder,
    async release() {
      // If it cannot be removed, it is that of a process that has ended soon.
      const own = (await readSmall(path).catch(() => '')) === text;
      if (own) await rm(path, { force: true }).catch(() => {});
    },
  };
}

/** Whether a run folder is being trained in, as far as can be told from here. */
export async function isLocked(folder: string): Promise<boolean> {
  const path = join(folder, LOCK);
  try {
    const text = await readSmall(path);
    return text !== undefined && isWhole(text) && (await mayRun(parseHolder(text, path)));
  } catch {
    return false;
  }
}

/** Whether the file was made: false if there is one. */
async function create(path: string, text: string): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
  try {
    await file.writeFile(text);
    return true;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

function isWhole(text: string): boolean {
  return text.endsWith('\n');
}

/** How often a lock that is not whole is looked at again, 50 ms apart: its process writes it at once. */
const LOOKS = 20;

/** The lock's text: undefined if it is gone, not whole if it stays so. */
async function readLock(path: string): Promise<string | undefined> {
  for (let looks = 1; ; looks++) {
    const text = await readSmall(path);
    if (text === undefined || isWhole(text) || looks === LOOKS) return text;
    await setTimeout(50);
  }
}

/** A lock of ganport's has about 150 bytes. */
const MAX_LOCK_BYTES = 4096;

/** @throws ModelError for what no lock can be: a folder, a pipe, a file without end */
async function readSmall(path: string): Promise<string | undefined> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!stats) return undefined;
  if (!stats.isFile() || stats.size > MAX_LOCK_BYTES) throw notALock(path);
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

function notALock(path: string): ModelError {
  return new ModelError(`${path} is not a lock of ganport's: remove it if nothing trains there`);
}

function parseHolder(text: string, path: string): Holder {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    throw notALock(path);
  }
}

function taken(folder: string, path: string, { pid, host }: Holder): string {
  const remedy =
    host === hostname()
      ? 'wait for it, or stop it'
      : `wait for it; if it has ended, remove ${path}, which cannot be told from here`;
  return `${folder} is in use: process ${pid} on ${host} trains there; ${remedy}`;
}

/** Whether a lock's process may still run; of other machines nothing is known. */
async function mayRun({ pid, host, started }: Holder): Promise<boolean> {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It is another person's. All else says that there is none, or that no process can have the number.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = await processStart(pid);
  return started === undefined || now === undefined || started === now;
}

/** Clock ticks from the system's start to the process's: field 22 of Linux's /proc/PID/stat. */
async function processStart(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field is a name in parentheses, which may have any character.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[22 - 3];
}

/** Removes a lock that has this text: another process may have replaced it since it was read. */
async function remove(path: string, text: string): Promise<boolean> {
  const aside = temporaryPath(join(path, '..'));
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const same = (await readFile(aside, 'utf8')) === text;
  // Put back without replacing one that was made meanwhile.
  if (!same) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
  return same;
}
