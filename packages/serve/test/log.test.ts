/** The log: a line of JSON for each request, with nothing in it that is secret. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createLog,
  type LogLevel,
  parseApiKeys,
  type RunningServer,
  serveGenerator,
} from '../src/index.ts';
import { slowGenerator } from './slow-generator.ts';

const KEY = 'a-key-that-nobody-logs';
let folder: string;
let server: RunningServer | undefined;
const opened: number[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganport-log-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  for (const fd of opened.splice(0)) closeSync(fd);
  await rm(folder, { recursive: true });
});

async function serve(level: LogLevel, file = join(folder, 'log')) {
  const fd = openSync(file, 'a');
  opened.push(fd);
  const log = createLog(level, fd);
  const { generator, runs, begun } = await slowGenerator();
  const apiKeys = parseApiKeys(`lab:${KEY}`, 'keys');
  server = await serveGenerator(generator, {
    port: 0,
    pageDir: '/nowhere',
    graceMs: 0,
    log,
    apiKeys,
  });
  const get = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, server!.url), {
      ...init,
      headers: { 'X-API-Key': KEY, 'X-Request-Id': 'mine-1' },
    });
  /** Lines, once there are as many. */
  const lines = async (count: number) => {
    let text = '';
    for (let i = 0; text.split('\n').length <= count && i < 500; i += 1) {
      await setTimeout(2);
      text = readFileSync(file, 'utf8');
    }
    return {
      text,
      lines: text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    };
  };
  return { get, lines, runs, begun };
}

test('each request is a line, without its query and without a key', async () => {
  const { get, lines, runs, begun } = await serve('info');
  const asked = get(`/v1/images/1/2.png?model=fixture&key=${KEY}`);
  await begun(1);
  runs[0]!.finish();
  await (await asked).bytes();
  await get(`/nothing?token=${KEY}`);
  const unknown = await fetch(new URL('/v1/model', server!.url), {
    headers: { Authorization: 'Bearer some-other-secret-key' },
  });
  expect(unknown.status).toBe(401);
  const { text, lines: told } = await lines(3);
  expect(told).toMatchObject([
    {
      ...{ level: 'info', msg: 'request', id: 'mine-1', method: 'GET', status: 200 },
      ...{ path: '/v1/images/1/2.png', client: 'key lab', model: 'fixture', version: '1' },
      ...{ ms: expect.any(Number), time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) },
    },
    { path: '/nothing', status: 404 },
    { path: '/v1/model', status: 401, client: expect.stringContaining('127.0.0.1') },
  ]);
  expect(text).not.toMatch(/nobody-logs|some-other|token|Bearer/);
});

test('a client that leaves is a line with status 499, probes are none', async () => {
  const { get, lines, begun } = await serve('info');
  await get('/livez');
  await get('/metrics');
  const controller = new AbortController();
  const left = get('/v1/images/1/2.png', { signal: controller.signal });
  await begun(1);
  controller.abort();
  await left.catch(() => {});
  const { lines: told } = await lines(1);
  expect(told).toMatchObject([{ path: '/v1/images/1/2.png', status: 499 }]);
});

test('the level says what is told', async () => {
  const quiet = await serve('warn');
  await quiet.get('/v1/model');
  await server!.close();
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('');
  const loud = await serve('debug');
  await loud.get('/livez');
  expect((await loud.lines(1)).lines).toMatchObject([{ level: 'debug', path: '/livez' }]);
});

test.skipIf(process.platform !== 'linux')('a full disk loses lines, and no pictures', async () => {
  const { get } = await serve('info', '/dev/full');
  for (let i = 0; i < 20; i += 1) expect((await get('/v1/model')).status).toBe(200);
  await setTimeout(50);
  expect((await get('/v1/model')).status).toBe(200);
});
