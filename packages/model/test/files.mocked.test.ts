import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ModelError } from '../src/error.ts';
import { writeFileAtomic } from '../src/files.ts';

// The real functions, until a test makes one fail as a full or a read-only disk would.
vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  return { ...real, open: vi.fn(real.open), rename: vi.fn(real.rename) };
});

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganport-files-'));
  path = join(folder, 'run.json');
});

afterEach(() => rmSync(folder, { recursive: true }));

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code });
}

/** Makes this method of the next file that is opened fail. */
async function failNext(method: 'writeFile' | 'sync', code: string): Promise<void> {
  const real = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises');
  vi.mocked(open).mockImplementationOnce(async (...args): Promise<FileHandle> => {
    const handle = await real.open(...args);
    handle[method] = () => Promise.reject(failure(code));
    return handle;
  });
}

test.each([
  ['text', 'naïve\n', 'naïve\n'],
  ['bytes', Buffer.from('bytes'), 'bytes'],
])('writes %s, and replaces what was there', async (_, data, text) => {
  await writeFileAtomic(path, 'longer than what comes after it');
  await writeFileAtomic(path, data);
  expect(readFileSync(path, 'utf8')).toBe(text);
  expect(readdirSync(folder)).toEqual(['run.json']);
});

test('a link is followed', async () => {
  const link = join(folder, 'link');
  writeFileSync(path, 'old');
  symlinkSync('run.json', link);
  await writeFileAtomic(link, 'new');
  expect(readlinkSync(link)).toBe('run.json');
  expect(readFileSync(path, 'utf8')).toBe('new');
});

test.each([
  ['ENOSPC', 'no space is left on the disk: free some, or choose another folder (ENOSPC)'],
  ['EROFS', 'the file system is read-only: choose another folder (EROFS)'],
  ['EACCES', 'permission denied: check its permissions, or choose another folder (EACCES)'],
  ['EIO', 'EIO: it failed'],
])('%s while it writes leaves the old file and nothing else', async (code, reason) => {
  writeFileSync(path, 'old');
  const expected = new ModelError(`cannot write ${path}: ${reason}`);
  await failNext('writeFile', code);
  await expect(writeFileAtomic(path, 'new')).rejects.toThrow(expected);
  await failNext('sync', code);
  await expect(writeFileAtomic(path, 'new')).rejects.toThrow(expected);
  vi.mocked(rename).mockRejectedValueOnce(failure(code));
  await expect(writeFileAtomic(path, 'new')).rejects.toThrow(expected);
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['run.json']);
});

test.each([
  ['absent/run.json', 'no such file or folder: check the path (ENOENT)'],
  ['run.json/run.json', 'a part of the path is not a folder: check the path (ENOTDIR)'],
  ['folder', 'it is not a regular file'],
  ['x'.repeat(300), 'the name is too long: choose a shorter one (ENAMETOOLONG)'],
])('cannot write %s', async (name, reason) => {
  writeFileSync(path, 'old');
  mkdirSync(join(folder, 'folder'));
  const where = join(folder, name);
  await expect(writeFileAtomic(where, 'new')).rejects.toThrow(
    new ModelError(`cannot write ${where}: ${reason}`),
  );
  expect(readdirSync(folder).sort()).toEqual(['folder', 'run.json']);
});

test('a socket, as any special file, is not replaced', async () => {
  const socket = join(folder, 'socket');
  const server = createServer().listen(socket);
  await once(server, 'listening');
  await expect(writeFileAtomic(socket, 'new')).rejects.toThrow(
    new ModelError(`cannot write ${socket}: it is not a regular file`),
  );
  expect(statSync(socket).isSocket()).toBe(true);
  server.close();
});
