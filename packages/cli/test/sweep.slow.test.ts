/** `ganport sweep`: each run as `train` and `eval` would have it, and what is wrong in a line. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterAll, expect, test } from 'vitest';
import { failure, ganport } from './run.ts';
import { TINY, Workspace, writeDigits } from './workspace.ts';

const workspace = new Workspace();
writeDigits(workspace, 'digits', 100);
afterAll(() => workspace.remove());

async function succeed(...args: string[]): Promise<string> {
  const outcome = await ganport(...args);
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  return outcome.stdout;
}

const base = { ...TINY, data: 'mnist', dataDir: 'digits' };
const write = (name: string, sweep: object) => workspace.write(name, JSON.stringify(sweep));

test('trains, scores, and tells mean ± deviation', async () => {
  const rates = { slow: {}, fast: { adam: { learningRate: 0.01 } } };
  const file = write('sweep.json', {
    base: { ...base, steps: 4 },
    vary: { rate: rates, seed: [0, 1] },
    eval: { count: 24 },
  });
  const out = workspace.path('swept');
  const { groups, runs, ...rest } = JSON.parse(
    await succeed('sweep', file, '--out', out, '--threads', '1', '--json'),
  );
  expect(rest).toEqual({ folder: out, of: 4, interrupted: false });
  expect(groups[0]).toMatchObject({ settings: { rate: 'slow' }, steps: [4], done: 2, failed: 0 });
  const [first] = runs;
  expect(first).toMatchObject({ name: 'rate=slow,seed=0', status: 'done', step: 4 });

  // The same numbers as by the commands it stands for.
  const folder = `${out}/rate=slow,seed=0`;
  const data = ['--data', 'mnist', '--data-dir', workspace.path('digits')];
  const { metrics } = JSON.parse(await succeed('eval', folder, ...data, '--count', '24', '--json'));
  for (const [name, { value }] of Object.entries<{ value: number }>(metrics)) {
    expect(first.scores).toHaveProperty([name], value);
  }
  const config = write('tiny.json', base);
  await succeed('train', '--config', config, '--threads', '1', '--out', workspace.path('alone'));
  const last = '/checkpoints/step-000004.safetensors';
  expect(workspace.contents('swept/rate=slow,seed=0')[last]).toBe(
    workspace.contents('alone')[last],
  );
  const table = readFileSync(`${out}/results.md`, 'utf8');
  expect(table).toMatch(
    /^\| rate \| KID \(lower is better\) \| Fréchet distance \(lower is better\) \| .* \| steps \| runs \|\n/,
  );
  expect(table).toMatch(/\n\| slow \| \S+ ± \S+ \| .* \| 4 \| 2 \|\n/);

  // Again, there is nothing to do: as fast, and the same.
  const before = workspace.contents('swept');
  const text = await succeed('sweep', file, '--out', out);
  expect(text).toContain(`4 of 4 runs are done; they are in ${out}.`);
  expect(workspace.contents('swept')).toEqual(before);
});

test('a signal after a run is trained leaves its scoring to another time', async () => {
  const file = write('scored.json', { base: { ...base, steps: 2 }, vary: { seed: [0] } });
  const out = workspace.path('scored');
  const line = ['sweep', file, '--out', out, '--threads', '1'];
  const sweeping = ganport(...line);
  await expect
    .poll(() => existsSync(`${out}/seed=0/best`), { timeout: 90_000, interval: 1 })
    .toBe(true);
  process.emit('SIGINT', 'SIGINT');
  const { code, stdout } = await sweeping;
  expect(code).toBe(130);
  expect(stdout).toContain('Stopped with 0 of 1 runs done. Go on with: ');
  const trained = workspace.contents('scored/seed=0');
  expect(await succeed(...line)).toContain('1 of 1 runs are done');
  expect(workspace.contents('scored/seed=0')).toEqual(trained);
});

test('goes on where a run fails, and says so in the end', async () => {
  const vary = { dataDir: ['digits', 'missing'] };
  const file = write('missing.json', { base, vary, eval: { count: 24 } });
  const out = workspace.path('some');
  // More threads than there are processors, of which each run would be told.
  const threads = String(availableParallelism() + 1);
  const { code, stdout, stderr } = await ganport('sweep', file, '--out', out, '--threads', threads);
  expect(code).toBe(1);
  expect(stderr.match(/^--threads \d+ is slower than/gm)).toHaveLength(1);
  expect(stdout).toMatch(
    /\nFailed: dataDir=missing: cannot read [^\n]+ no such file [^\n]+\n1 of 2 runs are done/,
  );
});

test('a run that diverges is a result; where all do, there is none', async () => {
  const linear = (...units: number[]) => units.map((units) => ({ type: 'dense', units }));
  const loud = {
    ...{ loss: 'wasserstein', penalties: { gradient: 1e6 }, discriminatorSteps: 1 },
    ...{ recoveries: 0, steps: 6, adam: { learningRate: 10, beta1: 0, beta2: 0.999 } },
    discriminator: {
      inputs: { image: [1, 28, 28] },
      layers: [{ type: 'flatten' }, ...linear(8, 8, 8, 1)],
    },
  };
  const vary = { rate: { loud, own: {} } };
  const out = workspace.path('loud');
  const file = write('loud.json', { base, vary, eval: { count: 24 } });
  const text = await succeed('sweep', file, '--out', out, '--threads', '1');
  expect(text).toMatch(/\nFailed: rate=loud: training diverged: [^\n]+\n1 of 2 runs are done/);
  const none = write('none.json', { base, vary: { rate: { loud } } });
  expect(await ganport('sweep', none, '--out', out)).toMatchObject({ code: 1 });
});

test('images that there are no features for have the scores of their checkpoints', async () => {
  const networks = {
    generator: {
      inputs: { z: [2] },
      layers: [
        { type: 'dense', units: 48 },
        { type: 'tanh' },
        { type: 'reshape', shape: [3, 4, 4] },
      ],
    },
    discriminator: {
      inputs: { image: [3, 4, 4] },
      layers: [{ type: 'flatten' }, { type: 'dense', units: 1 }],
    },
  };
  const header = Uint8Array.from([0, 0, 8, 4, 0, 0, 0, 48, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 3]);
  const pixels = Uint8Array.from({ length: 48 * 48 }, (_, i) => (i * 31) % 256);
  const images = workspace.write('colour-images-idx4-ubyte', Buffer.concat([header, pixels]));
  const file = write('colour.json', {
    base: { ...base, ...networks, data: 'idx', dataDir: images, steps: 2 },
    vary: { seed: [0] },
  });
  const out = workspace.path('colour');
  const json = await succeed('sweep', file, '--out', out, '--threads', '1', '--json');
  expect(JSON.parse(json).runs[0].scores).toEqual({ swd: expect.any(Number) });
});

test.each<[string, string, number, string]>([
  ['{', 'not JSON', 2, 'is not JSON'],
  ['{"vary":{"seed":[]}}', 'nothing to try', 2, 'vary.seed: expected a list of at least 1 item'],
  ['{"vary":{"stepz":[1]}}', 'an unknown setting', 2, 'did you mean "steps"?'],
])('%s: %s', async (text, _, code, said) => {
  const file = workspace.write('bad.json', text);
  const out = workspace.path('never');
  expect(await failure(code, 'sweep', file, '--out', out)).toContain(said);
  expect(workspace.contents()).not.toHaveProperty(['/never/results.json']);
});

test('a file that is not there, and a folder that is a run', async () => {
  const out = workspace.path('alone');
  expect(await failure(1, 'sweep', workspace.path('no.json'), '--out', out)).toContain('no.json');
  const file = write('one.json', { vary: { seed: [0] } });
  expect(await failure(1, 'sweep', file, '--out', out)).toContain(`${out} is a run`);
});
