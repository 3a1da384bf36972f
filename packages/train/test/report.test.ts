/** Pages of runs: what is in them, whatever a run folder has in its names, and how large they get. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findRuns, report } from '../src/index.ts';
import { chart, niceTicks, thin } from '../src/report/chart.ts';
import { PNG, writeRun } from './written-run.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganport-report-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a page has the settings, the curves and the pictures, and needs nothing else', async () => {
  const run = writeRun(folder);
  writeFileSync(join(run, 'warnings.json'), '["step 3: it <has> collapsed"]');
  const said: string[] = [];
  const onNotice = (line: string) => said.push(line);
  const page = await report(run, { command: 'ganport train --config config.json', onNotice });
  expect(said).toEqual([
    'metrics.jsonl is damaged at line 4 and 1 more: what they said is left out',
  ]);
  expect(page).toContain(`<p class="wrong">${said[0]}.</p>`);
  for (const said of [
    'a &#60;b&#62; &#38; &#34;c&#34;',
    '9 images of digits',
    '4 of 20000',
    'step 2: swd 0.25',
    'threads: 1 → 2',
    'swd: sliced Wasserstein distance of pixels, lower is better',
    'odd&#60;i&#62;',
    'ganport train --config config.json',
    'step 3: it &#60;has&#62; collapsed',
    '10 samples of step 4 by class',
  ]) {
    expect(page).toContain(said);
  }
  expect(page).not.toContain('<b>');
  expect(page.match(/<polyline/g)).toHaveLength(4);
  // The best step, 2, on the charts that reach it.
  expect(page.match(/class="mark"/g)).toHaveLength(3);
  expect(page.match(/data:image\/png;base64,/g)).toHaveLength(3);
  expect(page).toContain(PNG.toString('base64'));
  expect(page).not.toMatch(/(?:src|href)="(?!data:)/);
});

test('of many pictures the first and the last are there, and not all between', async () => {
  const page = await report(writeRun(folder, { name: 'many', count: 500 }), { command: '' });
  expect(page.match(/<img/g)).toHaveLength(40);
  expect(page).toContain('after 1 steps');
  expect(page).toContain('after 500 steps');
});

test('runs are found in a folder, and a folder that is one', async () => {
  const run = writeRun(folder, { name: 'digits' });
  mkdirSync(join(folder, 'other'));
  writeFileSync(join(folder, 'file'), '');
  for (const where of [folder, run]) {
    const { runs, unreadable } = await findRuns(where);
    expect(runs.map((summary) => summary.folder)).toEqual([run]);
    expect(runs[0]).toMatchObject({ steps: 4, best: { step: 2, scores: { swd: 0.25 } } });
    expect(unreadable).toEqual([]);
  }
  expect(await findRuns(join(folder, 'none'))).toEqual({ runs: [], unreadable: [], folders: [] });
});

test('of a generator of classes it says which columns are of which', async () => {
  const page = await report(writeRun(folder, { classes: ['cat', 'dog'] }), { command: '' });
  expect(page).toContain('<p>Classes by column: cat, dog</p>');
});

test('what is no run is refused', async () => {
  await expect(report(folder, { command: '' })).rejects.toThrow(/is not a run folder/);
});

test.each([
  [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [-3, 14, [-5, 0, 5, 10, 15]],
  [0.07, 0.1, [0.07, 0.08, 0.09, 0.1]],
  [5, 5, [5, 6]],
  [0, 0, [0, 0.2]],
])('ticks from %d to %d enclose both', (low, high, expected) => {
  const ticks = niceTicks(low, high);
  expect(ticks[0]).toBeLessThanOrEqual(low);
  expect(ticks.at(-1)).toBeGreaterThanOrEqual(high);
  expect(ticks.length).toBeLessThanOrEqual(7);
  if (high > low) expect(ticks).toEqual(expected);
});

test('long curves are thinned to means', () => {
  const series = Array.from({ length: 1000 }, (_, i): [number, number] => [i, i % 2]);
  const thinned = thin(series, 100);
  expect(thinned).toHaveLength(100);
  expect(thinned[0]).toEqual([4.5, 0.5]);
});

test('the axis of a thinned curve ends at a whole step', () => {
  const series = Array.from({ length: 400 }, (_, i): [number, number] => [i + 1, i % 7]);
  expect(thin(series).at(-1)![0]).toBe(399.5);
  expect(chart('values', [{ name: 'x', series }])).toContain('>step 400<');
});

test('a curve of one point is a dot, of two a line', () => {
  const drawn = (series: [number, number][]) => chart('values', [{ name: 'x', series }]);
  expect(drawn([[5, 7]])).toMatch(
    /<polyline points="(\S+) \1" stroke-width="8" stroke-linecap="round"/,
  );
  expect(
    drawn([
      [5, 7],
      [6, 8],
    ]),
  ).not.toContain('stroke-linecap');
});

test.each([
  [[7]],
  [[0, 0]],
  // The largest, the smallest and neighbours of float32, which metrics are.
  [[3.4028234663852886e38, -3.4028234663852886e38]],
  [[1.401298464324817e-45]],
  [[16_777_216, 16_777_217]],
])('%j can be drawn', (values) => {
  const series = values.map((value, i): [number, number] => [i, value]);
  const drawn = chart('values', [{ name: 'x', series }], 1);
  expect(drawn).not.toMatch(/NaN|Infinity/);
  // One point would be no line.
  expect(drawn).toMatch(/points="\S+ \S+/);
});
