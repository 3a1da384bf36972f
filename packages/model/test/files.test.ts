import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ModelError } from '../src/error.ts';
import { readFileWithin } from '../src/files.ts';

const folder = mkdtempSync(join(tmpdir(), 'ganport-files-'));
const server = createServer();

beforeAll(async () => {
  writeFileSync(join(folder, 'four'), 'four');
  symlinkSync('four', join(folder, 'link'));
  symlinkSync('/dev/zero', join(folder, 'zeros'));
  symlinkSync('loop', join(folder, 'loop'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  writeFileSync(join(folder, 'sparse'), '');
  truncateSync(join(folder, 'sparse'), 2 ** 40);
  await once(server.listen(join(folder, 'socket')), 'listening');
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test.each([
  ['four', 4],
  ['link', 5],
])('%s is read within its limit', async (name, limit) => {
  expect(String(await readFileWithin(join(folder, name), limit))).toBe('four');
});

const REGULAR = 'expected a regular file, got';

// Each of these would be waited for, or read until memory ends.
test.each([
  ['pipe', `${REGULAR} a named pipe: write what comes from it to a file first`],
  ['socket', 'it is a socket, or a device that is not there (ENXIO)'],
  ['zeros', `${REGULAR} a device`],
  ['.', `${REGULAR} a folder: name a file in it`],
  ['sparse', 'expected at most 1000 bytes, got 1099511627776'],
  ['loop', 'it is a link that leads to itself: remove it (ELOOP)'],
  ['none', 'no such file or folder: check the path (ENOENT)'],
  ['four/four', 'a part of the path is not a folder: check the path (ENOTDIR)'],
])('%s is refused by what it is', async (name, reason) => {
  const path = join(folder, name);
  const error = new ModelError(`cannot read ${path}: ${reason}`);
  await expect(readFileWithin(path, 1000)).rejects.toThrow(error);
});

test('a file that has more than its size says is refused', async () => {
  await expect(readFileWithin('/proc/self/status', 2 ** 20)).rejects.toThrow(
    'expected the 0 bytes that the system says it has, got more',
  );
});
