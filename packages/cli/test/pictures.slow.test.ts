/** People's own pictures, as folders of them lie about. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { readRun } from '../../model/src/node.ts';
import { greyPng } from '../../train/test/files.ts';
import { failure, ganport } from './run.ts';
import { Workspace } from './workspace.ts';

const workspace = new Workspace();
afterAll(() => workspace.remove());

const checkpoint = (run: string) =>
  readFileSync(workspace.path(join(run, 'checkpoints/step-000004.safetensors')));

test('a folder of pictures is trained on, prepared once, and goes on bit for bit with flips', async () => {
  vi.stubEnv('XDG_CACHE_HOME', workspace.path('cache'));
  // As in PyTorch-GAN's issue 80: one grey PNG of 112 pixels in a folder of a class.
  mkdirSync(workspace.path('data/cats'), { recursive: true });
  workspace.write('data/cats/0.png', await greyPng(112));
  const data = `folder:${workspace.path('data')}`;
  const train = (out: string, ...more: string[]) =>
    ganport(
      ...['train', '--data', data, '--size', '28', '--flip', '--batch', '4'],
      ...['--threads', '1', '--device', 'cpu', '--engine', 'onnxruntime'],
      ...['--out', workspace.path(out), ...more],
    );
  const whole = await train('whole', '--steps', '4');
  expect(whole).toMatchObject({ code: 0 });
  expect(whole.stderr).toContain('Preparing 1 pictures');
  expect(whole.stderr).toMatch(/Training quick on 1 images of data \(/);
  const run = await readRun(workspace.path('whole'));
  expect(run.dataset).toMatchObject({ name: 'data', count: 1 });
  expect(run.config).toMatchObject({
    ...{ data: 'folder', dataDir: workspace.path('data'), size: 28, flip: true },
  });
  const half = await train('half', '--steps', '2');
  expect(half.stderr).not.toContain('Preparing');
  const resumed = await ganport('train', '--resume', workspace.path('half'), '--steps', '4');
  expect(resumed).toMatchObject({ code: 0 });
  expect(checkpoint('half').equals(checkpoint('whole'))).toBe(true);
});

test('what is wrong with data on the command line is said in one line', async () => {
  expect(await failure(2, 'train', '--data', 'cats')).toMatch(/--data: expected .*got "cats"/);
  expect(await failure(2, 'train', '--data', 'folder:')).toMatch(/expected a path after "folder:"/);
  expect(await failure(2, 'train', '--data', 'folder:a', '--data-dir', 'b')).toMatch(
    /dataDir: expected none beside data "folder:a"/,
  );
  expect(await failure(1, 'train', '--data', 'folder:nowhere')).toMatch(/no such file or folder/);
  expect(await failure(1, 'train', '--size', '32')).toMatch(/size is a setting of pictures/);
});
