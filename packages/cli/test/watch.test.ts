/** `watch` and `train --watch`: what they refuse, before anything is trained. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWatch } from '../src/watching.ts';
import { failure, ganport } from './run.ts';
import { Workspace } from './workspace.ts';

const workspace = new Workspace();
const other = createServer();
let port: number;
beforeAll(async () => {
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  port = (other.address() as { port: number }).port;
});
afterAll(() => {
  other.close();
  workspace.remove();
});

test('a port in use is told before there is a run folder, with the flag that names another', async () => {
  const out = workspace.path('run');
  expect(await failure(1, 'train', '--out', out, '--watch', String(port))).toBe(
    `ganport: port ${port} of 127.0.0.1 is in use: stop what uses it, or choose another with --watch\n`,
  );
  expect(existsSync(out)).toBe(false);
});

test('where no port is named, one that is taken makes way for another, which is told', async () => {
  const told: string[] = [];
  // The first may have got the usual port or not; the second cannot.
  const pages = [await openWatch('default', () => {})];
  try {
    pages.push(await openWatch('default', (line) => told.push(line)));
    expect(told).toEqual(['Port 3100 cannot be had, so the page is at another.']);
    expect(pages[1]!.url).not.toBe(pages[0]!.url);
    expect((await fetch(pages[1]!.url)).status).toBe(200);
  } finally {
    await Promise.all(pages.map((page) => page.close()));
  }
});

test('a port may be left out, and what is none is refused', async () => {
  expect(await failure(2, 'train', '--watch', '70000')).toMatch(
    /^ganport: --watch: expected .*65535, got "?70000/,
  );
  // What follows is a flag of its own, also where it is a mistyped one.
  expect(await failure(2, 'train', '--watch', '--stesp', '5')).toMatch(/did you mean --steps/);
  expect(await failure(2, 'train', '--watch', '--steps', '0')).toMatch(/^ganport: --steps: /);
});

test('a folder that is no run is refused', async () => {
  expect(await failure(1, 'watch', workspace.folder)).toContain('is not a run folder');
  const model = workspace.write('generator.onnx', '');
  expect(await failure(1, 'watch', model)).toBe(
    `ganport: ${model} is a file: expected its run folder, ${workspace.folder}\n`,
  );
  expect((await ganport('watch', '--help')).stdout).toContain('watch <run>');
});
