/** Processes that want one folder: each run has one of its own, and one process at a time. */
import { readdirSync, readFileSync } from 'node:fs';
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

test('a run is resumed by one of two, and one that was killed by the next', async () => {
  expect(await runCommand([...train, '--out', 'run', '--steps', '200'], folder)).toMatchObject({
    code: 0,
  });
  const resume = 'train --resume run --steps 100000'.split(' ');
  const first = startCommand(resume, folder);
  await first.printed(/step \d+\/100000/);
  const second = await runCommand(resume, folder);
  expect(second).toMatchObject({ code: 1, stdout: '' });
  expect(second.stderr).toMatch(
    /^ganport: run is in use: process \d+ on \S+ trains there; wait for it, or stop it\n$/,
  );

  first.kill('SIGKILL');
  await first.exit;
  const [, killed] = second.stderr.match(/process (\d+)/)!;
  expect(workspace.contents('run')).toHaveProperty(['/lock']);
  const latest = Number(readFileSync(workspace.path('run/latest'), 'utf8').match(/\d+/)![0]);
  const steps = String(latest + 100);
  const third = await runCommand(['train', '--resume', 'run', '--steps', steps], folder);
  expect(third).toMatchObject({ code: 0 });
  expect(third.stderr).toContain(
    `run was locked by process ${killed}, which has ended: going on\n`,
  );
  const whole = [...train, '--out', 'whole', '--steps', steps];
  expect(await runCommand(whole, folder)).toMatchObject({ code: 0 });
  expect(workspace.contents('run')).toEqual(workspace.contents('whole'));
});
