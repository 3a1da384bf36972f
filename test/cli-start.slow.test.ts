/** `ganport start`: the whole way in one command, as often as one likes. */
import { readFileSync, rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { Workspace } from '../packages/cli/test/workspace.ts';
import { runCommand, startCommand } from './cli-process.ts';

const workspace = new Workspace();
const { folder } = workspace;
afterAll(() => workspace.remove());

/** Starts, waits until it serves, looks at what it serves, and ends it. */
async function serveOnce(...flags: string[]) {
  const server = startCommand(['start', '--port', '0', ...flags], folder);
  const [, url] = await server.printed(/Open (http:\S+) –/);
  const [page, model] = await Promise.all(
    ['/', '/v1/model'].map(async (path) => (await fetch(new URL(path, url))).text()),
  );
  expect(page).toContain('<html');
  server.kill('SIGINT');
  const exit = await server.exit;
  expect(exit).toMatchObject({ code: 0 });
  return { stderr: exit.stderr, model: JSON.parse(model!) };
}

test('an interrupted start goes on where it was, and a finished one serves what is there', async () => {
  const first = startCommand(['start', '--port', '0', '--steps', '500'], folder);
  await first.printed(/step 1\/500/);
  first.kill('SIGINT');
  const { code, stdout } = await first.exit;
  const [, at] = stdout.match(/^Stopped at step (\d+)\. Go on with: ganport start\n$/)!;
  expect(code).toBe(130);
  const steps = Number(at) + 1;

  const second = await serveOnce('--steps', String(steps));
  expect(second.stderr).toContain(`step ${steps}/${steps} `);
  expect(second.stderr).not.toContain(`step ${at}/`);
  expect(second.stderr).toMatch(
    /\nExported runs\/start\/generator\.onnx: its pictures differ from .* by at most [01] in 0…255/,
  );
  const { config, threads } = JSON.parse(
    readFileSync(workspace.path('runs/start/run.json'), 'utf8'),
  );
  expect({ name: config.name, steps: config.steps }).toEqual({ name: 'quick', steps });
  expect(threads).toBeGreaterThan(0);

  const trained = workspace.contents();
  const third = await serveOnce();
  expect(third.stderr).toMatch(/^Using runs\/start, trained before; remove it to train anew\.\n/);
  expect(third.model).toEqual(second.model);
  expect(workspace.contents()).toEqual(trained);
});

test('a start that was killed before its first checkpoint starts again', async () => {
  const before = workspace.contents();
  for (const part of ['latest', 'best', 'checkpoints']) {
    rmSync(workspace.path('runs/start', part), { recursive: true });
  }
  const { stderr } = await serveOnce();
  expect(stderr).toMatch(/^runs\/start has no checkpoint yet: it starts again from step 0\n/);
  const last = readFileSync(workspace.path('runs/start/latest'), 'utf8').trim();
  const path = `/runs/start/checkpoints/${last}`;
  expect(before).toHaveProperty([path]);
  expect(workspace.contents()[path]).toBe(before[path]);
});

test('a folder that is not such a run is left alone', async () => {
  const before = workspace.contents();
  const contents = readFileSync(workspace.path('runs/start/latest'));
  workspace.write('runs/start/latest', 'nonsense');
  const { code, stdout, stderr } = await runCommand(['start', '--port', '0'], folder);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^ganport: runs\/start\/latest: expected the name of a checkpoint, got "nonsense"; name another, to train --resume or export: --checkpoint \d+.*; or remove runs\/start to train anew\n$/,
  );
  workspace.write('runs/start/latest', contents);
  expect(workspace.contents()).toEqual(before);
});
