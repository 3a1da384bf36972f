/** A run's files in a folder of the file system, and what reads them by the folder's path. */
import { appendFileSync, existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as checkpoints from './checkpoint.ts';
import { fileError, readFileWithin, removeTemporaryFiles, writeFileAtomic } from './files.ts';
import * as runs from './run-folder.ts';
import type { RunStore } from './run-store.ts';
import { digestOf } from './weights-file.ts';

/** The folders of a run folder, itself included. */
const FOLDERS = ['.', 'samples', 'checkpoints'];

export function folderStore(folder: string): RunStore {
  const pathOf = (file: string) => join(folder, file);
  return {
    name: folder,
    pathOf,
    has: async (file) => existsSync(pathOf(file)),
    read: (file, limit) => readFileWithin(pathOf(file), limit),
    async write(file, data) {
      const path = pathOf(file);
      // The run's own folder is made by whoever has a right to it.
      if (dirname(file) !== '.') await makeFolder(dirname(path));
      await writeFileAtomic(path, data);
    },
    async append(file, text) {
      try {
        // At once and not in turns: a process may be killed after any step.
        appendFileSync(pathOf(file), text);
      } catch (error) {
        throw fileError(`write ${pathOf(file)}`, error);
      }
    },
    list: (part) => readdir(pathOf(part)).catch((): string[] => []),
    remove: (file) => rm(pathOf(file), { force: true }),
    async removeUnfinished() {
      for (const part of FOLDERS) await removeTemporaryFiles(pathOf(part));
    },
    sha256: digestOf,
  };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw fileError(`make the folder ${folder}`, error);
  }
}

/** See run-folder.ts and checkpoint.ts. */
export const readRun = (folder: string) => runs.readRun(folderStore(folder));
export const readPointer = (folder: string, pointer: runs.Pointer) =>
  runs.readPointer(folderStore(folder), pointer);
export const readCheckpoint = (folder: string, choice: checkpoints.CheckpointChoice) =>
  checkpoints.readCheckpoint(folderStore(folder), choice);
export const checkpointSteps = (folder: string) => checkpoints.checkpointSteps(folderStore(folder));
export const isUnsaved = (folder: string) => checkpoints.isUnsaved(folderStore(folder));
export const runOf = (checkpoint: checkpoints.Checkpoint, run: runs.Run, folder: string) =>
  checkpoints.runOf(checkpoint, run, folderStore(folder));
export const checkpointPath = (folder: string, name: string) =>
  join(folder, checkpoints.checkpointFile(name));
