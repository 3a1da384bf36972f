/** The loop of a sweep, with runs that are numbers only: what is done, skipped, gone on with and kept. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planSweep } from '../src/sweep/plan.ts';
import { readResults } from '../src/sweep/results.ts';
import { stepClock } from '../src/sweep/step-clock.ts';
import { type SweepOptions, sweep } from '../src/sweep/sweep.ts';
import { groupRuns, groupTable } from '../src/sweep/table.ts';
import { temporaryFolder } from './files.ts';

const plan = (steps = 4, ema = 0) =>
  planSweep(
    { base: { steps, ema }, vary: { loss: ['bce', 'hinge'], seed: [0, 1] } },
    'a.json',
    '/',
  );

interface Fake {
  steps?: number;
  ema?: number;
  fail?: Partial<Record<string, string>>;
  /** The run in which a signal comes. */
  stopIn?: string;
  /** The run after whose last step one comes. */
  stopAfter?: string;
}

/** A sweep whose runs are folders with a run.json; says what it was asked to do. */
async function run(folder: string, { steps, ema, fail = {}, stopIn, stopAfter }: Fake = {}) {
  const asked: string[] = [];
  const stop = new AbortController();
  const train: SweepOptions['train'] = async ({ name, config }, path, resume) => {
    asked.push(`${resume ? 'on' : 'new'} ${name}`);
    if (fail[name]) throw new Error(fail[name]);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'run.json'), '{}');
    const interrupted = name === stopIn;
    if (interrupted || name === stopAfter) stop.abort('SIGINT');
    const step = interrupted ? 2 : config.steps;
    return { step, interrupted, warnings: [], scores: { swd: 1 }, msPerStep: 10 };
  };
  const result = await sweep({
    ...{ plan: plan(steps, ema), folder, train, signal: stop.signal },
    score: async ({ config }, _, trained) => ({
      ...trained,
      seed: config.seed,
      steps: config.steps,
    }),
  });
  return { asked, result, records: await readResults(folder) };
}

const ALL = ['loss=bce,seed=0', 'loss=hinge,seed=0', 'loss=bce,seed=1', 'loss=hinge,seed=1'];

test('trains and scores each once; a second time there is nothing to do', async () => {
  const folder = temporaryFolder();
  const first = await run(folder);
  expect(first.asked).toEqual(ALL.map((name) => `new ${name}`));
  expect(first.result.records.map(({ status, step }) => [status, step])).toEqual(
    Array(4).fill(['done', 4]),
  );
  const again = await run(folder);
  expect(again.asked).toEqual([]);
  expect(again.result).toEqual({ ...first.result, interrupted: false });
  expect(existsSync(join(folder, 'lock'))).toBe(false);
});

test('goes on with what a signal ended, and with what came after', async () => {
  const folder = temporaryFolder();
  const stopped = await run(folder, { stopIn: ALL[1]! });
  expect(stopped.result).toMatchObject({ interrupted: true });
  expect(stopped.records.get(ALL[1]!)).toMatchObject({ status: 'training', step: 2 });
  expect(stopped.asked).toHaveLength(2);
  const { asked, records } = await run(folder);
  expect(asked).toEqual([`on ${ALL[1]}`, `new ${ALL[2]}`, `new ${ALL[3]}`]);
  expect([...records.values()].every(({ status }) => status === 'done')).toBe(true);
});

test('a signal in the last run, which is done, has stopped nothing', async () => {
  const folder = temporaryFolder();
  const { result } = await run(folder, { stopAfter: ALL[3]! });
  expect(result).toMatchObject({ interrupted: false, records: { length: 4 } });
});

test('with more steps each goes on, with fewer none', async () => {
  const folder = temporaryFolder();
  await run(folder);
  const longer = await run(folder, { steps: 6 });
  expect(longer.asked).toEqual(ALL.map((name) => `on ${name}`));
  expect(longer.records.get(ALL[0]!)).toMatchObject({ step: 6, scores: { steps: 6 } });
  expect((await run(folder, { steps: 5 })).asked).toEqual([]);
});

test('records a run that fails, and goes on; it is tried again where its folder is gone', async () => {
  const folder = temporaryFolder();
  const fail = { [ALL[1]!]: 'training diverged', [ALL[2]!]: 'no' };
  mkdirSync(join(folder, ALL[1]!));
  const { records, result } = await run(folder, { fail });
  expect(records.get(ALL[1]!)).toMatchObject({ status: 'failed', error: 'training diverged' });
  expect(result.records.filter(({ status }) => status === 'done')).toHaveLength(2);
  // The other left no folder.
  expect((await run(folder, { fail })).asked).toEqual([`new ${ALL[2]}`]);
  rmSync(join(folder, ALL[1]!), { recursive: true });
  const again = await run(folder);
  expect(again.asked).toEqual([`new ${ALL[1]}`, `new ${ALL[2]}`]);
  expect(again.records.get(ALL[1]!)).not.toHaveProperty('error');
});

describe('is refused', () => {
  test('for runs that were trained with other settings', async () => {
    const folder = temporaryFolder();
    await run(folder);
    await expect(run(folder, { ema: 0.5 })).rejects.toThrow(
      `${join(folder, ALL[0]!)} was trained with other settings than it has now: choose another --out, or remove it`,
    );
    for (const name of ALL) rmSync(join(folder, name), { recursive: true });
    expect((await run(folder, { ema: 0.5 })).asked).toHaveLength(4);
  });

  test('in a folder that is a run, or that another sweep has', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'run.json'), '{}');
    await expect(run(folder)).rejects.toThrow(`${folder} is a run: choose another --out`);
    rmSync(join(folder, 'run.json'));
    const { pid } = process;
    writeFileSync(join(folder, 'lock'), `${JSON.stringify({ pid, host: 'elsewhere', id: 'a' })}\n`);
    await expect(run(folder)).rejects.toThrow(`${folder} is in use`);
  });

  test.each([
    ['', 'is not JSON'],
    ['{"format":1,"runs":[{"name":"a"', 'is not JSON'],
    ['{"format":2,"runs":[]}', 'format: expected 1, got 2'],
    ['{"format":1,"runs":[{"name":"a"}]}', 'runs.0.settings is missing'],
    ['null', 'expected an object, got null'],
  ])('with results that are damaged: %s', async (text, said) => {
    const folder = temporaryFolder();
    const path = join(folder, 'results.json');
    writeFileSync(path, text);
    await expect(run(folder)).rejects.toThrow(said);
    await expect(run(folder)).rejects.toThrow('Remove it to have the runs beside it scored anew');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});

test('results that are gone are made again from the runs', async () => {
  const folder = temporaryFolder();
  await run(folder);
  rmSync(join(folder, 'results.json'));
  const { asked, records } = await run(folder);
  expect(asked).toEqual(ALL.map((name) => `on ${name}`));
  expect(records.size).toBe(4);
});

test('runs that differ in their seed are together: mean ± deviation, of those that are done', () => {
  const { runs } = plan();
  const record = (name: string, score: number) => ({
    ...runs.find((each) => each.name === name)!,
    ...{ step: 4, status: 'done' as const, msPerStep: 10, scores: { score } },
  });
  const groups = groupRuns(runs, [
    record(ALL[0]!, 1),
    record(ALL[2]!, 4),
    { ...record(ALL[1]!, 9), status: 'failed' },
  ]);
  // (1 + 4) / 2, and √((1.5² + 1.5²) / 1).
  expect(groups[0]!.scores.score).toEqual({ mean: 2.5, deviation: Math.sqrt(4.5), n: 2 });
  expect(groupTable(groups)).toBe(
    [
      '| loss | score | ms per step | steps | runs |',
      '| --- | --- | --- | --- | --- |',
      '| bce | 2.5 ± 2.1 | 10 ± 0 | 4 | 2 |',
      '| hinge | – | – | – | 1 failed |',
    ].join('\n'),
  );
  const alone = groupTable(groupRuns(runs, [record(ALL[0]!, 1234.5)]), ['score']);
  expect(alone).toContain('| bce | 1235 | 4 | 1 |\n| hinge | – | – | not run yet |');
});

test('a score says which way is better, and what is 0 but for rounding is 0', () => {
  const { runs } = plan();
  const records = [ALL[0], ALL[2]].map((name, i) => ({
    ...runs.find((each) => each.name === name)!,
    ...{ step: 4, status: 'done' as const },
    scores: { KID: 4e-8, recall: 0, MIND: 0.5 + i * 1e-8, precision: 2e-5 },
  }));
  expect(
    groupTable(groupRuns(runs, records))
      .split('\n')
      .filter((_, i) => i !== 1),
  ).toEqual([
    '| loss | KID (lower is better) | recall (higher is better) | MIND (lower is better) | precision (higher is better) | steps | runs |',
    '| bce | 0 | 0 | 0.5 ± 0 | 0.00002 ± 0 | 4 | 2 |',
    '| hinge | – | – | – | – | – | not run yet |',
  ]);
});

test("the median step's time leaves out the first and what is between two", () => {
  const times = [0, 500, 510, 530, 1000, 1010, 1020];
  const clock = stepClock(() => times.shift()!);
  clock.tick();
  clock.tick();
  expect(clock.median()).toBeUndefined();
  for (let tick = 2; tick < 7; tick++) clock.tick();
  // Of 10, 20, 470, 10 and 10.
  expect(clock.median()).toBe(10);
});
