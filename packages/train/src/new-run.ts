/** Where a new run goes: a folder that is empty, made and locked for it. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ModelError } from '@ganport/model';
import { fileError, isTemporary, LOCK, removeTemporaryFiles } from '@ganport/model/node';
import { lockRun, type RunLock } from './run-lock.ts';

export interface ClaimOptions {
  /** Where the name is taken, adds -2, -3, … to it in place of failing. */
  free?: boolean | undefined;
  onNotice?: ((line: string) => void) | undefined;
}

/**
 * Makes a new run's folder and locks it; whoever claims it releases it.
 * @returns the lock, which has the folder's name
 * @throws ModelError if the folder has something in it or cannot be made, or another run has it
 */
export async function claimRun(
  folder: string,
  { free = false, onNotice }: ClaimOptions = {},
): Promise<RunLock> {
  const made = free ? await makeFreeFolder(folder) : folder;
  if (!free) await makeFolder(folder);
  // Before a file is made in it: it may be anything.
  await expectUnused(made);
  const lock = await lockRun(made, onNotice);
  try {
    // Another run may have come and gone between.
    await expectUnused(made);
    await removeTemporaryFiles(made);
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** What is in a folder, but for what a process left that was killed before it wrote run.json. */
async function contents(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name !== LOCK && !isTemporary(name));
}

/** Whether a new run can be made in a folder: it is not there, or has nothing in it. */
export async function isUnused(folder: string): Promise<boolean> {
  return !existsSync(folder) || (await contents(folder)).length === 0;
}

async function expectUnused(folder: string): Promise<void> {
  const present = await contents(folder);
  if (present.length === 0) return;
  const resume = present.includes('run.json') ? `, or continue it with --resume ${folder}` : '';
  throw new ModelError(`${folder} is not empty: choose another --out${resume}`);
}

/** The first of `folder`, `folder`-2, `folder`-3, … that is not there, made. */
async function makeFreeFolder(folder: string): Promise<string> {
  await makeFolder(dirname(folder));
  for (let number = 1; ; number++) {
    const name = number === 1 ? folder : `${folder}-${number}`;
    try {
      await mkdir(name);
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw fileError(`make the folder ${name}`, error);
    }
  }
}

/** Not by `recursive`: in a file system such as /proc, where nothing can be made, Node never returns. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdirWithin(folder);
  } catch (error) {
    throw fileError(`make the folder ${folder}`, error);
  }
}

async function mkdirWithin(folder: string): Promise<void> {
  try {
    await mkdirUnlessThere(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdirWithin(dirname(folder));
    await mkdirUnlessThere(folder);
  }
}

/** Also where another process makes it at the same time. */
async function mkdirUnlessThere(folder: string): Promise<void> {
  await mkdir(folder).catch(async (error: unknown) => {
    const present = await stat(folder).catch(() => undefined);
    if (!present?.isDirectory()) throw error;
  });
}
