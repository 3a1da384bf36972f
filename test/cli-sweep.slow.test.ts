/** A sweep that is stopped and killed, and goes on to what it would have been. */
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { TINY, Workspace, writeDigits } from '../packages/cli/test/workspace.ts';
import { runCommand, startCommand } from './cli-process.ts';

const workspace = new Workspace();
const { folder } = workspace;
writeDigits(workspace, 'digits', 100);
afterAll(() => workspace.remove());

const every = { metrics: 10, checkpoint: 700 };
const base = { ...TINY, data: 'mnist', dataDir: 'digits', steps: 700, every };
const vary = { loss: ['bce', 'hinge'], seed: [0] };
workspace.write('sweep.json', JSON.stringify({ base, vary, eval: { count: 24 } }));
const line = (out: string) => ['sweep', 'sweep.json', '--out', out, '--threads', '1'];

const LAST = (loss: string) => `/loss=${loss},seed=0/checkpoints/step-000700.safetensors`;

function results(out: string) {
  const { runs } = JSON.parse(readFileSync(workspace.path(out, 'results.json'), 'utf8'));
  // A machine's time is never the same.
  return runs.map(({ msPerStep: _, ...run }: { msPerStep: number }) => run);
}

test('is at last as one that was left alone', async () => {
  expect(await runCommand(line('whole'), folder)).toMatchObject({ code: 0 });

  const stopped = startCommand(line('parts'), folder);
  await stopped.printed(/step \d+\/700/);
  stopped.kill('SIGINT');
  const { code, stdout } = await stopped.exit;
  expect(code).toBe(130);
  expect(stdout).toContain(
    'Stopped with 0 of 2 runs done. Go on with: ganport sweep sweep.json --out parts\n',
  );
  expect(results('parts')).toMatchObject([{ name: 'loss=bce,seed=0', status: 'training' }]);

  const killed = startCommand(line('parts'), folder);
  await killed.printed(/Run 2 of 2[\s\S]*step \d+\/700/);
  killed.kill('SIGKILL');
  expect((await killed.exit).code).toBe(137);
  expect(results('parts')).toMatchObject([{ status: 'done' }, { status: 'training', step: 0 }]);

  const { stderr, ...rest } = await runCommand(line('parts'), folder);
  expect(rest, stderr).toMatchObject({ code: 0 });
  expect(stderr).toContain('Run 2 of 2');
  expect(stderr).not.toContain('Run 1 of 2');
  expect(results('parts')).toEqual(results('whole'));
  const [parts, whole] = [workspace.contents('parts'), workspace.contents('whole')];
  for (const loss of ['bce', 'hinge']) expect(parts[LAST(loss)]).toBe(whole[LAST(loss)]);
});
