/// <reference types="node" preserve="true" />
/** Files that are read within a limit, and written whole or not at all. */
import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ModelError } from './error.ts';

/** What went wrong, and what to do about it, by the system's code. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied: check its permissions, or choose another folder',
  EDQUOT: 'the disk quota is used up: free some space, or choose another folder',
  EEXIST: 'there is a file of that name: choose another',
  EFBIG: 'it is larger than files may be here: raise the limit, or choose another folder',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a link that leads to itself: remove it',
  ENAMETOOLONG: 'the name is too long: choose a shorter one',
  ENOENT: 'no such file or folder: check the path',
  ENOSPC: 'no space is left on the disk: free some, or choose another folder',
  ENXIO: 'it is a socket, or a device that is not there',
  ENOTDIR: 'a part of the path is not a folder: check the path',
  EPERM: 'the system does not permit it: choose another folder',
  EROFS: 'the file system is read-only: choose another folder',
};

/** A failure of the file system as one line. `action` is such as "write run.json". */
export function fileError(action: string, error: unknown): ModelError {
  const { code = '', message, path } = error as NodeJS.ErrnoException;
  // What stands for bytes that are no UTF-8 is another name.
  const isOther = code === 'ENOENT' && path?.includes('\ufffd');
  const reason = isOther ? 'a name in its path is not UTF-8: rename it' : REASONS[code];
  return new ModelError(`cannot ${action}: ${reason ? `${reason} (${code})` : message}`, {
    cause: error,
  });
}

/** Of temporary names, around a UUID. */
const TEMPORARY = { prefix: '.ganport-', suffix: '.tmp' } as const;

/** A regular file that is open for reading. Whoever opens it closes it. */
export interface RegularFile {
  handle: FileHandle;
  /** Bytes. */
  size: number;
}

/**
 * Opens what must be a regular file of at most `limit` bytes. A pipe without a writer or a device
 * without an end, such as /dev/zero, is never waited for or read.
 * @throws ModelError that says what it is instead; its cause is the system's error, where there is one
 */
export async function openRegular(path: string, limit: number): Promise<RegularFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw fileError(`read ${path}`, error);
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) {
      throw new ModelError(`cannot read ${path}: expected a regular file, got ${kindOf(stats)}`);
    }
    expectSize(path, stats.size, limit);
    return { handle, size: stats.size };
  } catch (error) {
    await handle.close();
    throw error instanceof ModelError ? error : fileError(`read ${path}`, error);
  }
}

function expectSize(path: string, size: number, limit: number): void {
  if (size <= limit) return;
  throw new ModelError(`cannot read ${path}: expected at most ${limit} bytes, got ${size}`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder: name a file in it';
  if (stats.isFIFO()) return 'a named pipe: write what comes from it to a file first';
  return stats.isSocket() ? 'a socket' : 'a device';
}

/**
 * Reads a whole file of at most `limit` bytes.
 * @throws ModelError if it is missing, larger, or no regular file; see `openRegular`
 */
export async function readFileWithin(path: string, limit: number): Promise<Buffer> {
  const { handle, size } = await openRegular(path, limit);
  try {
    const bytes = Buffer.allocUnsafeSlow(size);
    let filled = 0;
    for (;;) {
      // One byte more shows a file that is longer than the system said, as those of /proc are.
      const rest = filled < size ? bytes.subarray(filled) : Buffer.alloc(1);
      const { bytesRead } = await handle.read(rest, 0, rest.length);
      if (bytesRead === 0) return bytes.subarray(0, filled);
      filled += bytesRead;
      if (filled > size) {
        throw new ModelError(
          `cannot read ${path}: expected the ${size} bytes that the system says it has, got more`,
        );
      }
    }
  } catch (error) {
    throw error instanceof ModelError ? error : fileError(`read ${path}`, error);
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file under a temporary name in its folder, syncs it, then renames it: a reader sees the
 * old file or the new one, also after a crash. A link is followed, not replaced.
 * @throws ModelError if it cannot be written; the old file is then as it was.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  try {
    const target = await replaceable(path);
    const folder = dirname(target);
    const temporary = temporaryPath(folder);
    try {
      await writeSynced(temporary, data);
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(folder);
  } catch (error) {
    throw error instanceof ModelError ? error : fileError(`write ${path}`, error);
  }
}

/** A name in a folder for what is being written; see `removeTemporaryFiles`. */
export function temporaryPath(folder: string): string {
  return join(folder, TEMPORARY.prefix + randomUUID() + TEMPORARY.suffix);
}

/** Whether a file's name is a `temporaryPath`'s. */
export function isTemporary(name: string): boolean {
  return name.startsWith(TEMPORARY.prefix) && name.endsWith(TEMPORARY.suffix);
}

/** Removes what was left under `temporaryPath`s in a folder by a process that was killed. */
export async function removeTemporaryFiles(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names.filter(isTemporary)) await rm(join(folder, name));
}

/** The file to replace. A device such as /dev/null must never be: root could. */
async function replaceable(path: string): Promise<string> {
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!stats) return path;
  if (!stats.isFile()) throw new ModelError(`cannot write ${path}: it is not a regular file`);
  return realpath(path);
}

async function writeSynced(path: string, data: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Codes of systems that have no sync of a folder, Windows among them, or do not permit it. */
const NO_FOLDER_SYNC = new Set(['EACCES', 'EINVAL', 'EISDIR', 'ENOTSUP', 'EPERM']);

/** Makes a rename last through a crash. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!NO_FOLDER_SYNC.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
