/** A run as a live page sees it, while its folder changes in every way that one can. */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRunView } from '../src/index.ts';
import { followLog } from '../src/report/follow-log.ts';
import { lockRun } from '../src/run-lock.ts';
import { stepRate } from '../src/watch/step-rate.ts';
import { PNG, writeRun } from './written-run.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganport-watch-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a log that grows', () => {
  const start = () => {
    const path = join(folder, 'metrics.jsonl');
    return { path, log: followLog(path) };
  };

  test('is read on from where it was, whole lines only, damaged ones left out', async () => {
    const { path, log } = start();
    expect(await log.read()).toBe(false);
    expect(log.now().step).toBe(0);
    appendFileSync(path, '{"step":1,"a":1}\n{"step":2,"a":');
    expect(await log.read()).toBe(true);
    expect([...log.now().metrics]).toEqual([['a', [[1, 1]]]]);
    // It may be half written yet.
    expect(log.now().damage).toBeUndefined();
    appendFileSync(
      path,
      '2}\n[]\n{"step":1e999,"a":9}\n{"step":3,"a":1e999,"b":1e39}\n{"step":4,"b":3}\n',
    );
    expect(await log.read()).toBe(true);
    const { metrics, step } = log.now();
    expect(metrics.get('a')).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(metrics.get('b')).toEqual([[4, 3]]);
    expect(step).toBe(4);
    expect(await log.read()).toBe(false);
  });

  test('that is replaced, as a resumed run does, is read from its beginning', async () => {
    const { path, log } = start();
    writeFileSync(path, '{"step":1,"a":1}\n{"step":2,"a":2}\n');
    await log.read();
    writeFileSync(join(folder, 'new'), '{"step":1,"a":7}\n{"step":2,"a":8,"modes":[1,2]}\n');
    renameSync(join(folder, 'new'), path);
    expect(await log.read()).toBe(true);
    expect(log.now().metrics.get('a')).toEqual([
      [1, 7],
      [2, 8],
    ]);
    expect(log.now().modes).toEqual({ step: 2, counts: [1, 2] });
    rmSync(path);
    expect(await log.read()).toBe(true);
    expect(log.now().metrics.size).toBe(0);
  });

  test('of any length stays small: lines over a chunk’s end are whole, a line without an end is left out', async () => {
    const { path, log } = start();
    const lines = Array.from({ length: 30_000 }, (_, i) => `{"step":${i + 1},"a":0.5}`);
    writeFileSync(path, `${lines.join('\n')}\n${'x'.repeat(600_000)}\n{"step":30001,"b":1}\n`);
    await log.read();
    const { metrics, step } = log.now();
    const series = metrics.get('a')!;
    expect(step).toBe(30_001);
    expect(log.now().damage).toBe(
      'metrics.jsonl is damaged at line 30001: what it said is left out',
    );
    expect(series.length).toBeLessThan(1025);
    expect(series.every(([, value]) => value === 0.5)).toBe(true);
    // Means of 32 each, from the first to the last.
    expect(series.slice(0, 2).map(([step]) => step)).toEqual([16.5, 48.5]);
    expect(series.at(-1)![0]).toBeGreaterThan(29_900);
    expect(metrics.get('b')).toEqual([[30_001, 1]]);
    appendFileSync(path, `${JSON.stringify({ step: 30_002, ...numbered(500) })}\n`);
    await log.read();
    expect(log.now().metrics.size).toBe(64);
  });
});

const numbered = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, i]));

test('steps per second are those between lines of the last half minute, not up to now', () => {
  const rate = stepRate();
  expect(rate.at(100, 0)).toBeUndefined();
  expect(rate.at(100, 1000)).toBeUndefined();
  expect(rate.at(120, 2000)).toBe(10);
  expect(rate.at(120, 9000)).toBe(10);
  for (let second = 3; second < 60; second++) rate.at(120 + 5 * second, 1000 * second);
  expect(rate.at(120 + 5 * 60, 60_000)).toBe(5);
  // Trained anew from an earlier step.
  expect(rate.at(50, 61_000)).toBeUndefined();
});

describe('a view', () => {
  test('says which classes columns are of', async () => {
    const { parts } = await createRunView(writeRun(folder, { classes: ['<a>', 'b'] })).update();
    expect(parts.columns).toBe('Classes by column: &#60;a&#62;, b');
    expect(parts.modes).toContain('&#60;a&#62;</text>');
  });

  test('says before the first checkpoint when there will be scores', async () => {
    const run = writeRun(folder);
    writeFileSync(join(run, 'metrics.jsonl'), '{"step":1,"dLoss":1}\n');
    const { parts: later } = await createRunView(run).update();
    expect(later.modes).toBe('');
    rmSync(join(run, 'checkpoints'), { recursive: true });
    const { parts } = await createRunView(run).update();
    expect(parts.modes).toMatch(
      /^<p>Scores and, of digits, .* come with the first checkpoint, step 2000\.<\/p>$/,
    );
  });

  test('has the curves, the histogram, the pictures and the facts, with names escaped', async () => {
    const run = writeRun(folder);
    const view = createRunView(run);
    const { title, parts, pictures } = await view.update();
    expect(title).toBe('a <b> & "c"');
    expect(parts.status).toContain(
      'step 4 of 20000 · nothing trains here at the moment · best: swd 0.25 at step 2',
    );
    expect(parts.charts).toContain('odd&#60;i&#62;');
    expect(parts.charts.match(/<polyline/g)).toHaveLength(4);
    expect(parts.modes).toContain('10 samples of step 4 by class');
    expect(parts.modes.match(/<rect/g)).toHaveLength(3);
    expect(parts.facts).toContain('9 images of digits');
    expect(parts.columns).toBe('');
    expect(parts.warnings).toContain(
      'metrics.jsonl is damaged at line 4 and 1 more: what they said',
    );
    expect(pictures).toEqual([1, 2, 3]);
    expect(Buffer.from((await view.picture(3))!)).toEqual(PNG);
    expect(await view.picture(4)).toBeUndefined();
    // No picture, though it has the name of one.
    mkdirSync(join(run, 'samples', 'step-000005.png'));
    expect(await view.picture(5)).toBeUndefined();
  });

  test('has at most 200 pictures, of which those of an earlier look are the most', async () => {
    const run = writeRun(folder, { count: 500 });
    const view = createRunView(run);
    const before = (await view.update()).pictures;
    expect(before).toHaveLength(126);
    expect([before[0], before[1], before.at(-1)]).toEqual([1, 5, 500]);
    writeFileSync(join(run, 'samples', 'step-000501.png'), PNG);
    const after = (await view.update()).pictures;
    expect(after).toEqual([...before.slice(0, -1), 501]);
  });

  test('says how fast it goes and how long it takes while a process trains', async () => {
    const run = writeRun(folder, { name: 'going on' });
    const lock = await lockRun(run);
    let time = 0;
    const view = createRunView(run, { now: () => time });
    expect((await view.update()).parts.status).toContain('step 4 of 20000 · training');
    appendFileSync(join(run, 'metrics.jsonl'), '{"step":104,"dLoss":1}\n');
    time = 2000;
    expect((await view.update()).parts.status).toContain(
      'step 104 of 20000 · 50.0 steps/s · 6m38s left',
    );
    await lock.release();
    expect((await view.update()).parts.status).toContain('nothing trains here');
    // A process of this machine that has ended, and what is no lock, train nothing.
    for (const text of [
      JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), id: 'gone' }),
      'nonsense',
    ]) {
      writeFileSync(join(run, 'lock'), `${text}\n`);
      expect((await view.update()).parts.status).toContain('nothing trains here');
    }
    appendFileSync(join(run, 'metrics.jsonl'), '{"step":20000,"dLoss":1}\n');
    expect((await view.update()).parts.status).toContain('step 20000 of 20000 · done');
  });

  test('says what is wrong, in words, as long as it is', async () => {
    const run = writeRun(folder);
    const view = createRunView(run);
    writeFileSync(join(run, 'metrics.jsonl'), '{"step":1,"dLoss":1}\n');
    const path = join(run, 'warnings.json');
    writeFileSync(path, JSON.stringify(['step 9: all <same>']));
    expect((await view.update()).parts.warnings).toBe(
      '<ul><li>step 9: all &#60;same&#62;</li></ul>',
    );
    for (const odd of ['[]', '{}', 'half [', '']) {
      writeFileSync(path, odd);
      expect((await view.update()).parts.warnings).toBe('');
    }
  });

  test('of a run that has not logged yet is empty; of what is no run, or none any longer, it says so', async () => {
    const run = writeRun(folder);
    const view = createRunView(run);
    rmSync(join(run, 'metrics.jsonl'));
    rmSync(join(run, 'samples'), { recursive: true });
    expect(await view.update()).toMatchObject({ pictures: [], parts: { charts: '', modes: '' } });
    rmSync(run, { recursive: true });
    expect((await view.update()).parts.warnings).toMatch(/^<ul><li>.* is not a run folder: /);
    expect(await view.picture(1)).toBeUndefined();
  });
});
