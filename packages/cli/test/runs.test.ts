/** The list of runs: how they differ, which is the best, and what is left out of it. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveConfig } from '../../train/src/index.ts';
import { lockRun, type RunLock } from '../../train/src/run-lock.ts';
import { writeRun } from '../../train/test/written-run.ts';
import { failure, ganport } from './run.ts';
import { TINY, Workspace } from './workspace.ts';

const workspace = new Workspace();
const folder = workspace.path('runs');
let lock: RunLock;

interface Given {
  settings?: object;
  best?: string;
  sha256?: string;
  data?: string;
}

/** A run of a name, with settings of its own. */
function write(
  name: string,
  { settings = {}, best, sha256 = '0', data = 'digits' }: Given,
): string {
  const run = join(folder, name);
  renameSync(writeRun(folder, { name }), run);
  const config = resolveConfig([['the test', { preset: 'mlp', name, ...settings }]]);
  writeFileSync(
    join(run, 'run.json'),
    JSON.stringify({
      ...{ format: 1, config, engine: 'onnxruntime', device: 'cpu', threads: 2, versions: {} },
      dataset: { name: data, count: 9, sha256 },
    }),
  );
  if (best !== undefined) writeFileSync(join(run, 'best'), `step-000002.safetensors\n${best}\n`);
  return run;
}

beforeAll(async () => {
  mkdirSync(folder);
  write('a', { best: '{"frechet":30,"swd":0.1}' });
  const b = write('b', {
    best: '{"frechet":2000,"swd":0.05}',
    settings: { batch: 32, adam: { learningRate: 0.001 }, seed: 7 },
  });
  // Its frechet is not a's kind of number: other data.
  const settings = { generator: { inputs: { z: [9] }, layers: TINY.generator.layers } };
  write('c', { best: '{"frechet":1}', sha256: '1', data: 'd\u001b[31m', settings });
  for (const [name, text] of [
    ['cut', '{"format":1,'],
    ['newer', '{"format":99}'],
  ] as const) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'run.json'), text);
  }
  mkdirSync(join(folder, 'none'));
  mkdirSync(join(folder, 'a sweep/loss=bce'), { recursive: true });
  writeFileSync(join(folder, 'a sweep/loss=bce/run.json'), '{}');
  writeFileSync(join(folder, 'file'), '');
  lock = await lockRun(b);
});
afterAll(async () => {
  await lock.release();
  workspace.remove();
});

test('runs are listed with their scores and with the settings that are not those of most', async () => {
  const { code, stdout } = await ganport('runs', folder);
  expect(code).toBe(0);
  expect(stdout.replaceAll(`${folder}/`, '').trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^run +name +data +loss +seed +steps +best +differs in$/),
    expect.stringMatching(/^a +a +digits +bce +0 +4\/20000 +frechet 30.0, swd 0.100 at 2$/),
    expect.stringMatching(
      /^b +b +digits +bce +7 +4\/20000, training +frechet 2000, swd 0.0500 at 2 +batch 32, adam.learningRate 0.001$/,
    ),
    // What a file says never acts upon the terminal.
    expect.stringMatching(/^c +c +d\\x1b\[31m +bce .* frechet 1.00 at 2 +another generator$/),
    'The best on digits: a, frechet 30.0, swd 0.100 at 2',
  ]);
});

test('a folder whose run.json cannot be read is told, and one of runs; others are not', async () => {
  const { stdout, stderr } = await ganport('runs', folder, '--json');
  const told = stderr.replaceAll(`${folder}/`, '').trimEnd().split('\n');
  expect(told).toEqual([
    expect.stringMatching(/^cut is left out: cut\/run\.json is not JSON: /),
    expect.stringMatching(/^newer is left out: newer\/run\.json was written by a newer ganport/),
    expect.stringMatching(
      /^Runs in a sweep, as of a sweep: 1; .*ganport runs 'a sweep' lists them\.$/,
    ),
  ]);
  const listed = JSON.parse(stdout);
  expect(listed).toHaveLength(3);
  expect(listed[1]).toMatchObject({
    ...{ name: 'b', steps: 4, of: 20_000, training: true },
    best: { step: 2, scores: { frechet: 2000 } },
    settings: { batch: 32, 'adam.learningRate': 0.001 },
  });
});

test('of many settings the first are told', async () => {
  const [one, two] = ['many/one', 'many/two'].map((name) => workspace.path(name));
  mkdirSync(workspace.path('many'));
  for (const [i, run] of [one!, two!].entries()) {
    renameSync(writeRun(folder, { name: 'x' }), run);
    const path = join(run, 'run.json');
    const written = JSON.parse(readFileSync(path, 'utf8'));
    for (let n = 0; n < 12; n++) written.config[`s${n}`] = i;
    writeFileSync(path, JSON.stringify(written));
  }
  const { stdout } = await ganport('runs', workspace.path('many'));
  expect(stdout).toMatch(/ s0 0, s1 0, s2 0, and 9 more\n/);
});

test('one run differs in nothing, and a folder may have none', async () => {
  const { stdout } = await ganport('runs', join(folder, 'a'));
  expect(stdout).not.toMatch(/differs|best on/);
  expect(await failure(1, 'runs', workspace.path('nowhere'))).toContain('nowhere: no such file or');
  mkdirSync(workspace.path('empty'));
  expect((await ganport('runs', workspace.path('empty'))).stdout).toMatch(/^There are no runs in/);
  const file = workspace.write('file', '');
  expect(await failure(1, 'runs', file)).toContain('expected a folder of run folders');
});
