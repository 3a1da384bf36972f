/** Processes that want one folder: each run has one of its own, and one process at a time. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { TINY, Workspace, writeDigits } from '../packages/cli/test/workspace.ts';
import { runCommand, startCommand } from './cli-process.ts';

const workspace = new Workspace();
const { folder } = workspace;
writeDigits(workspace, 'digits');
const every = { metrics: 1, checkpoint: 200 };
const settings = { ...TINY, data: 'mnist', dataDir: 'digits', every };
workspace.write('tiny.json', JSON.stringify(settings));
const train = ['train', '--config', 'tiny.json', '--threads', '1'];
afterAll(() => workspace.remove());

test('runs that are begun together without a name get folders of their own', async () => {
  const line = [...train, '--steps', '2'];
  const exits = await Promise.all([1, 2, 3].map(() => runCommand(line, folder)));
  for (const { code, stderr } of exits) expect(code, stderr).toBe(0);
  const runs = readdirSync(workspace.path('runs'));
  expect(runs).toHaveLength(3);
  for (const run of runs) {
    expect(run).toMatch(/^tiny-\d{8}-\d{6}(-[23])?$/);
    expect(workspace.contents(`runs/${run}`)).toHaveProperty(['/latest']);
    // What was printed names the folder that was taken.
    expect(exits.some(({ stdout }) => stdout.includes(`runs/${run}/samples.`))).toBe(true);
  }
});

test('a run that is trained is not resumed by another process, but once it was killed', async () => {
  const first = startCommand([...train, '--out', 'run', '--steps', '1000000'], folder);
  await first.printed(/step \d+\/1000000/);
  const second = await runCommand('train --resume run'.split(' '), folder);
  expect(second).toMatchObject({ code: 1, stdout: '' });
  expect(second.stderr).toMatch(
    /^ganport: run is in use: process \d+ on \S+ trains there; wait for it, or stop it\n$/,
  );

  const latest = workspace.path('run/latest');
  while (!existsSync(latest)) await setTimeout(5);
  first.kill('SIGKILL');
  await first.exit;
  const [, killed] = second.stderr.match(/process (\d+)/)!;
  const steps = String(Number(readFileSync(latest, 'utf8').match(/\d+/)![0]) + 100);
  const third = await runCommand(['train', '--resume', 'run', '--steps', steps], folder);
  expect(third).toMatchObject({ code: 0 });
  expect(third.stderr).toContain(
    `run was locked by process ${killed}, which has ended: going on\n`,
  );
  const whole = [...train, '--out', 'whole', '--steps', steps];
  expect(await runCommand(whole, folder)).toMatchObject({ code: 0 });
  const written = workspace.contents('whole');
  expect({ ...workspace.contents('run'), '/run.json': written['/run.json'] }).toEqual(written);
});
