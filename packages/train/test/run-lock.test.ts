/** Who may train in a folder: one run at a time, whatever became of the one before. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import { describe, expect, test } from 'vitest';
import { claimRun } from '../src/new-run.ts';
import { lockRun } from '../src/run-lock.ts';
import { temporaryFolder } from './files.ts';

/** The number of a process that has ended. */
const { pid: ENDED } = spawnSync('true');

/** A folder with a lock as another process would have left it. */
function lockedFolder(lock: object | string): string {
  const folder = temporaryFolder();
  const text = typeof lock === 'string' ? lock : `${JSON.stringify({ id: 'other', ...lock })}\n`;
  writeFileSync(join(folder, 'lock'), text);
  return folder;
}

/** How many of several attempts at once got the lock, and what the others were told. */
async function attempts(folder: string, count: number) {
  const settled = await Promise.allSettled(Array.from({ length: count }, () => lockRun(folder)));
  const failed = settled.filter((one) => one.status === 'rejected').map(({ reason }) => reason);
  return { taken: count - failed.length, messages: failed.map(({ message }) => message) };
}

describe('a lock', () => {
  test('keeps others out until it is released, and leaves nothing', async () => {
    const folder = temporaryFolder();
    const first = await lockRun(folder);
    const message = `${folder} is in use: process ${process.pid} on ${hostname()} trains there; wait for it, or stop it`;
    await expect(lockRun(folder)).rejects.toThrow(new ModelError(message));
    await first.release();
    const second = await lockRun(folder);
    // Releasing what is released leaves the other's.
    await first.release();
    expect(existsSync(join(folder, 'lock'))).toBe(true);
    await second.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is got by one of several that try at once', async () => {
    const folder = temporaryFolder();
    const { taken, messages } = await attempts(folder, 20);
    expect(taken).toBe(1);
    for (const message of messages) expect(message).toContain('is in use');
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  test('of a process that has ended is taken over by one of several, too', async () => {
    for (let round = 0; round < 10; round++) {
      const folder = lockedFolder({ pid: ENDED, host: hostname() });
      const { taken } = await attempts(folder, 2);
      expect(taken).toBe(1);
      expect(readdirSync(folder)).toEqual(['lock']);
    }
  });

  test.each([
    ['has ended', { pid: ENDED, host: hostname() }, `process ${ENDED}, which has ended`],
    [
      'has ended, and whose number another has now',
      { pid: process.pid, host: hostname(), started: '1' },
      `process ${process.pid}, which has ended`,
    ],
    [
      'has a number that no process has',
      { pid: 2 ** 40, host: hostname() },
      `process ${2 ** 40}, which has ended`,
    ],
    ['was killed before it wrote', '', 'a process that was killed'],
    ['was killed as it wrote', '{"pid":12', 'a process that was killed'],
  ])('of a process that %s is taken over, which is told', async (what, lock, whose) => {
    const folder = lockedFolder(lock);
    if (what.includes('number') && !existsSync('/proc/self/stat')) return;
    const notices: string[] = [];
    const { release } = await lockRun(folder, (line) => notices.push(line));
    expect(notices).toEqual([`${folder} was locked by ${whose}: going on`]);
    expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')).pid).toBe(process.pid);
    await release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('of another machine is left, with the remedy', async () => {
    const folder = lockedFolder({ pid: ENDED, host: 'elsewhere' });
    await expect(lockRun(folder)).rejects.toThrow(
      `process ${ENDED} on elsewhere trains there; wait for it; if it has ended, remove ${folder}/lock, which cannot be told from here`,
    );
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  test.each(['nonsense\n', '{"pid": -1, "host": "x", "id": "y"}\n', '[]\n'])(
    'that is none is left: %s',
    async (text) => {
      const folder = lockedFolder(text);
      await expect(lockRun(folder)).rejects.toThrow(
        `${folder}/lock is not a lock of ganport's: remove it if nothing trains there`,
      );
      expect(readFileSync(join(folder, 'lock'), 'utf8')).toBe(text);
    },
  );

  test.each<[string, (path: string) => void]>([
    ['a folder', (path) => mkdirSync(path)],
    ['a file without end', (path) => symlinkSync('/dev/zero', path)],
    ['a file of a gigabyte', (path) => writeFileSync(path, '') ?? truncateSync(path, 2 ** 30)],
    ['a link to nothing', (path) => symlinkSync('nothing', path)],
    ['a pipe', (path) => spawnSync('mkfifo', [path])],
  ])('that is %s is left, with the remedy', async (_, make) => {
    const folder = temporaryFolder();
    const path = join(folder, 'lock');
    make(path);
    await expect(lockRun(folder)).rejects.toThrow(
      new ModelError(`${path} is not a lock of ganport's: remove it if nothing trains there`),
    );
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  test('in a folder that is not there', async () => {
    const folder = join(temporaryFolder(), 'none');
    await expect(lockRun(folder)).rejects.toThrow(
      `cannot lock ${folder}: no such file or folder: check the path (ENOENT)`,
    );
  });
});

describe('the folder of a new run', () => {
  test('is the next that is free, where nobody named one', async () => {
    const folder = join(temporaryFolder(), 'runs', 'mlp');
    const claims = await Promise.all([1, 2, 3].map(() => claimRun(folder, { free: true })));
    expect(claims.map((claim) => claim.folder).sort()).toEqual([
      folder,
      `${folder}-2`,
      `${folder}-3`,
    ]);
    for (const claim of claims) await claim.release();
  });

  test('is made with the folders around it, which others make at once', async () => {
    const folder = join(temporaryFolder(), 'sweep', 'parts');
    const names = Array.from({ length: 20 }, (_, i) => String(i));
    const locks = await Promise.all(names.map((name) => claimRun(join(folder, name))));
    expect(readdirSync(folder).sort()).toEqual(names.sort());
    for (const lock of locks) await lock.release();
  });

  test('that was asked for goes to one of two', async () => {
    const folder = join(temporaryFolder(), 'mine');
    const settled = await Promise.allSettled([claimRun(folder), claimRun(folder)]);
    expect(settled.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    const { reason } = settled.find((one) => one.status === 'rejected')!;
    expect(reason.message).toContain('is in use');
  });

  test('may have what a process left that was killed before it wrote run.json', async () => {
    const folder = lockedFolder({ pid: ENDED, host: hostname() });
    writeFileSync(join(folder, '.ganport-0.tmp'), '{');
    const notices: string[] = [];
    const claim = await claimRun(folder, { onNotice: (line) => notices.push(line) });
    expect(notices).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['lock']);
    await claim.release();
  });

  test('has nothing else in it; nothing is made there then', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'pictures'));
    await expect(claimRun(folder)).rejects.toThrow(
      new ModelError(`${folder} is not empty: choose another --out`),
    );
    writeFileSync(join(folder, 'run.json'), '{}');
    await expect(claimRun(folder)).rejects.toThrow(
      new ModelError(
        `${folder} is not empty: choose another --out, or continue it with --resume ${folder}`,
      ),
    );
    expect(readdirSync(folder).sort()).toEqual(['pictures', 'run.json']);
  });
});
