/** Where a command puts what it makes. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { deliver, endingOf } from '../src/output.ts';
import { Workspace } from './workspace.ts';

const workspace = new Workspace();
afterAll(() => workspace.remove());

const result = { json: {}, text: 'done' };
const bytes = Buffer.from('pictures');

test('a file is written before Ctrl-C ends the process', async () => {
  const listening = () => process.listenerCount('SIGINT');
  const before = listening();
  const delivered = deliver(workspace.path('a.npy'), bytes, result);
  expect(listening()).toBe(before + 1);
  expect(await delivered).toEqual(result);
  expect(listening()).toBe(before);
  expect(readdirSync(workspace.folder)).toEqual(['a.npy']);
  expect(readFileSync(workspace.path('a.npy'))).toEqual(bytes);
});

test('standard output is the result’s to print', async () => {
  expect(await deliver('-', bytes, result)).toEqual({ ...result, bytes });
});

test.each([
  ['a.png', 'png'],
  ['runs.v2/A.NPY', 'npy'],
  ['runs.v2/a', ''],
  ['.png', ''],
  ['-', ''],
])('%s ends in "%s"', (out, ending) => {
  expect(endingOf(out)).toBe(ending);
});
