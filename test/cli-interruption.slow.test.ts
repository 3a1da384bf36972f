/** Ctrl-C while a run trains: nothing is lost, and going on gives what would have been without it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { TINY, Workspace, writeDigits } from '../packages/cli/test/workspace.ts';
import { type Exit, runCommand, startCommand } from './cli-process.ts';

const workspace = new Workspace();
const { folder } = workspace;
// More images than a score takes, so that scoring takes long enough to be interrupted too.
writeDigits(workspace, 'digits', 1200);
const every = { metrics: 10, checkpoint: 700 };
const settings = { ...TINY, data: 'mnist', dataDir: 'digits', steps: 1400, every };
workspace.write('tiny.json', JSON.stringify(settings));
const train = ['train', '--config', 'tiny.json', '--threads', '1'];
const LAST = '/checkpoints/step-001400.safetensors';
afterAll(() => workspace.remove());

async function succeed(...args: string[]): Promise<Exit> {
  const exit = await runCommand(args, folder);
  expect(exit, exit.stderr).toMatchObject({ code: 0 });
  return exit;
}

/** The logged steps' metrics; with a checkpoint at another step, that step's score is there too. */
function metrics(run: string, leaveOut?: number): unknown[] {
  const lines = readFileSync(workspace.path(run, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ step, swd }) => !(swd && step === leaveOut));
}

test('a run that was interrupted by each signal ends as one that was not, bit for bit', async () => {
  await succeed(...train, '--out', 'whole');
  const whole = workspace.contents('whole');
  expect(whole[LAST]).toMatch(/^\w{64}$/);
  expect(metrics('whole')).toHaveLength(142);

  let line = [...train, '--out', 'parts'];
  const stops: number[] = [];
  for (const [signal, again, exitCode] of [
    ['SIGINT', 'Ctrl-C again', 130],
    ['SIGTERM', 'a second signal', 143],
    ['SIGHUP', 'a second signal', 129],
  ] as const) {
    const training = startCommand(line, folder);
    await training.printed(/step \d+\/1400/);
    training.kill(signal);
    // A terminal that goes says so twice.
    if (signal === 'SIGHUP') {
      await training.printed(/Stopping/);
      training.kill(signal);
    }
    const { code, stdout, stderr } = await training.exit;
    expect(stderr).toContain(`\nStopping with a checkpoint; ${again} stops without.\n`);
    const [said, step] = stdout.match(/^Stopped at step (\d+)\. Go on with: ganport (.*)\n$/)!;
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: said });
    stops.push(Number(step));
    const name = `step-${step!.padStart(6, '0')}`;
    expect(readFileSync(workspace.path('parts/latest'), 'utf8')).toBe(`${name}.safetensors\n`);
    expect(workspace.contents('parts')).toHaveProperty([`/samples/${name}.png`]);
    // What it says to type goes on.
    line = 'train --resume parts'.split(' ');
    expect(stdout).toContain(`ganport ${line.join(' ')}\n`);
  }
  expect(stops[0]).toBeGreaterThan(0);
  expect(stops).toEqual([...new Set(stops)].sort((a, b) => a - b));
  expect(stops[2]).toBeLessThan(1400);
  await succeed(...line);

  expect(workspace.contents('parts')[LAST]).toBe(whole[LAST]);
  expect(workspace.contents('parts')['/samples/step-001400.png']).toBe(
    whole['/samples/step-001400.png'],
  );
  const kept = metrics('parts').filter((line) => {
    const { step, swd } = line as { step: number; swd?: number };
    return swd === undefined || !stops.includes(step);
  });
  expect(kept).toEqual(metrics('whole'));
});

test('Ctrl-C that comes twice, as through pnpm, is one: the run is saved', async () => {
  await succeed(...train, '--steps', '2', '--out', 'twice');
  const training = startCommand('train --resume twice --steps 1000000'.split(' '), folder);
  await training.printed(/step \d+\/1000000/);
  training.kill('SIGINT');
  training.kill('SIGINT');
  const { code, stdout: told } = await training.exit;
  expect(code).toBe(130);
  const [, stopped] = /Stopped at step (\d+)/.exec(told)!;

  // Going on tidies up what was left half-written, and trains from there.
  workspace.write('twice/checkpoints/.ganport-0.tmp', 'half of a checkpoint');
  const steps = Number(stopped) + 2;
  const { stdout } = await succeed('train', '--resume', 'twice', '--steps', `${steps}`, '--json');
  expect(JSON.parse(stdout).step).toBe(steps);
  expect(Object.keys(workspace.contents('twice')).filter((path) => path.includes('.tmp'))).toEqual(
    [],
  );
});

test('a second Ctrl-C a moment later ends at once, whatever is under way', async () => {
  const module = new URL('../packages/cli/dist/interruption.js', import.meta.url);
  const program = `
    import { interruptible } from '${module}';
    await interruptible((signal) => new Promise(() => {
      signal.addEventListener('abort', () => console.log('stopping'));
      setInterval(() => {}, 1000);
      console.log('begun');
    }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  expect(String((await once(child.stdout, 'data'))[0])).toBe('stopping\n');
  await setTimeout(400);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
});

test('Ctrl-C before training begins ends at once and leaves nothing', async () => {
  // Images that never come: they are asked of a proxy that does not answer.
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const proxy = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const variables = [`https_proxy=${proxy}`, `XDG_CACHE_HOME=${workspace.path('cache')}`];
  const asked = once(silent, 'connection');
  const training = startCommand(
    ['train', '--preset', 'quick', '--data', 'mnist', '--out', 'early'],
    folder,
    ['env', ...variables],
  );
  await asked;
  training.kill('SIGINT');
  expect(await training.exit).toEqual({ code: 130, stdout: '', stderr: '' });
  silent.close();
  expect(existsSync(workspace.path('early'))).toBe(false);
});
