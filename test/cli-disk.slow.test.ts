/** File systems that are full or read-only, in a namespace of the command's own: root cannot write either. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { TINY, Workspace, writeDigits } from '../packages/cli/test/workspace.ts';
import { greyPng } from '../packages/train/test/files.ts';
import { runCommand } from './cli-process.ts';

const workspace = new Workspace();
const { folder } = workspace;
mkdirSync(workspace.path('disk'));
writeDigits(workspace, 'digits');
workspace.write('tiny.json', JSON.stringify({ ...TINY, data: 'mnist', dataDir: 'digits' }));
afterAll(() => workspace.remove());

/**
 * Runs the rest of its arguments on a new file system, and prints which files that has then.
 * @param then a shell's command in between, whose exit code counts: "$1" "$2" is ganport
 */
const on = (options: string, then = ':') => [
  ...['unshare', '--map-root-user', '--mount', 'sh', '-c'],
  `mount -t tmpfs -o ${options} tmpfs disk && { "$@"; code=$?; ${then}; cd disk && find . -type f | sort; exit $code; }`,
  'sh',
];
const [command, ...rest] = on('size=1m');
const possible = spawnSync(command!, [...rest, 'true'], { cwd: folder }).status === 0;
if (!possible)
  console.warn('skipped: this system does not let a process mount a file system of its own');

const train = ['train', '--config', 'tiny.json', '--threads', '1', '--out', 'disk/run'];

test.runIf(possible)('a read-only folder', async () => {
  const { code, stdout, stderr } = await runCommand(train, folder, on('ro'));
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'ganport: cannot make the folder disk/run: the file system is read-only: choose another folder (EROFS)\n',
  });
});

test.runIf(possible)('a disk with room for two small files', async () => {
  // The lock, which is gone in the end, and run.json.
  const { code, stdout, stderr } = await runCommand(train, folder, on('size=8k'));
  expect({ code, stdout }).toEqual({ code: 1, stdout: './run/metrics.jsonl\n./run/run.json\n' });
  expect(stderr).toMatch(
    /\nganport: cannot write disk\/run\/metrics\.jsonl: no space is left on the disk.*\n$/,
  );
});

test.runIf(possible)('a disk that fills up keeps the checkpoint before', async () => {
  // One checkpoint has 127 kB, and the images of one step 4.
  const { code, stdout, stderr } = await runCommand(train, folder, on('size=200k'));
  expect(stderr).toMatch(
    /\nganport: cannot write disk\/run\/checkpoints\/step-000004\.safetensors: no space is left on the disk: free some, or choose another folder \(ENOSPC\)\n$/,
  );
  expect({ code, files: stdout.trim().split('\n') }).toEqual({
    code: 1,
    files: [
      './run/best',
      './run/checkpoints/step-000002.safetensors',
      './run/latest',
      './run/metrics.jsonl',
      './run/run.json',
      './run/samples/step-000002.png',
      './run/samples/step-000004.png',
    ],
  });
});

test.runIf(possible)('and once there is room, the run goes on', async () => {
  const then = 'mount -o remount,size=1m disk && "$1" "$2" train --resume disk/run; code=$?';
  const { code, stdout, stderr } = await runCommand(train, folder, on('size=200k', then));
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toContain('no space is left on the disk');
  expect(stdout).toMatch(/^Trained 2 steps/m);
  expect(stdout).toContain('./run/checkpoints/step-000004.safetensors');
});

test.runIf(possible)('pictures that do not fit into the cache leave nothing in it', async () => {
  mkdirSync(workspace.path('pictures'));
  workspace.write('pictures/0.png', await greyPng(64));
  // 50 of 4 kB each, prepared.
  for (let i = 1; i < 50; i++) {
    copyFileSync(workspace.path('pictures/0.png'), workspace.path(`pictures/${i}.png`));
  }
  const line = ['train', '--data', 'folder:pictures', '--size', '64', '--out', 'unmade'];
  const cached = [...on('size=100k'), 'env', `XDG_CACHE_HOME=${workspace.path('disk')}`];
  const { code, stdout, stderr } = await runCommand(line, folder, cached);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^Preparing 50 pictures.*\nganport: cannot write prepared pictures into \S+\/disk\/ganport\/pictures: no space is left on the disk: free some, or choose another folder \(ENOSPC\)\n$/,
  );
});
