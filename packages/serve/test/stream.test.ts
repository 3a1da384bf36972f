/** Pictures that are sent while they are drawn: all of them, in order, and no further than a client reads. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import {
  buildGenerator,
  decodePicture,
  largestDifference,
  writeTemporary,
} from '../../sample/test/fixture.ts';
import {
  createAdmission,
  createApp,
  createService,
  type Limits,
  oneModel,
  parseApiKeys,
  startServer,
} from '../src/index.ts';
import { slowGenerator } from './slow-generator.ts';

const servers: Server[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

interface Line {
  seed?: number;
  index?: number;
  data?: string;
  done?: number;
  error?: { code: string; message: string };
}

const linesOf = (text: string): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

const post = (body: object) => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json' },
});

interface Asked {
  seed?: number;
  seeds?: number[];
  start?: number;
  count: number;
}

test.each<[Asked, number]>([
  [{ seed: 5, start: 3, count: 150 }, 150],
  [{ seeds: [5, 9, 11], count: 70 }, 210],
  [{ seeds: Array.from({ length: 99 }, (_, i) => i), count: 2 }, 198],
])('%j gives each picture once, in order', async (asked, total) => {
  const { model, expected } = buildGenerator({ latent: 4, height: 2, width: 3 });
  const file = await writeTemporary(model);
  const server = await startServer({ model: file.path, port: 0, pageDir: '/tmp' });
  try {
    const url = new URL('v1/sample', server.url);
    const response = await fetch(url, post({ ...asked, format: 'raw', stream: true }));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
    expect(response.headers.get('x-shape')).toBe(`${total},2,3,1`);
    const lines = linesOf(await response.text());
    expect(lines.pop()).toEqual({ done: total });
    const { seed = 0, seeds = [seed], start = 0, count } = asked;
    expect(lines.map(({ seed, index }) => [seed, index])).toEqual(
      seeds.flatMap((seed) => Array.from({ length: count }, (_, i) => [seed, start + i])),
    );
    for (const { seed, index, data } of lines.slice(60, 75)) {
      const levels = Buffer.from(data!, 'base64');
      expect(largestDifference(levels, expected(seed!, index!))).toBeLessThanOrEqual(1);
    }
    const [png] = linesOf(
      await (await fetch(url, post({ ...asked, count: 1, stream: true }))).text(),
    );
    const picture = await decodePicture(Buffer.from(png!.data!, 'base64'));
    expect(picture).toMatchObject({ width: 3, height: 2, channels: 1 });
  } finally {
    await server.close();
    await file.remove();
  }
});

/** Serves pictures of 64 × 64 levels whose runs the test ends. */
async function serveSlowly(limits?: Partial<Limits>, keys?: string[]) {
  const slow = await slowGenerator(64, 64);
  const admission = createAdmission(limits);
  const models = oneModel(createService(slow.generator, { admission }));
  const apiKeys = keys && parseApiKeys(keys.join('\n'), 'keys');
  const app = createApp({ models, apiKeys, pageDir: '/nowhere' });
  const server = createServer(app).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = async (count: number, key = ''): Promise<IncomingMessage> => {
    const { method, headers } = post({});
    const asked = request({
      ...{ port, path: '/v1/sample', method },
      headers: { ...headers, 'X-API-Key': key },
    });
    asked.on('error', () => {});
    asked.end(JSON.stringify({ seed: 1, count, stream: true, format: 'raw' }));
    const [response] = await once(asked, 'response');
    response.on('error', () => {});
    return response;
  };
  return { slow, admission, ask };
}

/** Ends runs as they begin, until none has begun for a while. @returns how many there were */
async function drawOn(runs: { finish(): void }[]): Promise<number> {
  let seen = 0;
  for (let quiet = 0; quiet < 300; quiet++) {
    for (; seen < runs.length; seen++) {
      runs[seen]!.finish();
      quiet = 0;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return seen;
}

test('nothing is drawn far ahead of a client that does not read, and all when it does', async () => {
  const { slow, admission, ask } = await serveSlowly();
  const asking = ask(6000);
  await slow.begun(1);
  slow.runs[0]!.finish();
  const response = await asking;
  response.pause();
  const ahead = await drawOn(slow.runs);
  // 94 runs make 33 MB of lines; the kernel keeps some megabytes of a connection of this machine.
  expect(ahead).toBeGreaterThan(2);
  expect(ahead).toBeLessThan(60);
  expect(admission.inside.pictures).toBe(128);
  let bytes = 0;
  let tail = '';
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 100))).slice(-100);
  });
  response.resume();
  const ended = once(response, 'end');
  let more = true;
  void ended.then(() => {
    more = false;
  });
  for (let seen = ahead; more; await setImmediate()) {
    for (; seen < slow.runs.length; seen++) slow.runs[seen]!.finish();
  }
  expect(tail).toMatch(/\n\{"done":6000\}\n$/);
  expect(bytes).toBeGreaterThan(6000 * 64 * 64 * (4 / 3));
  expect(slow.runs.reduce((sum, { count }) => sum + count, 0)).toBe(6000);
  while (admission.inside.pictures > 0) await setImmediate();
});

test('a client that leaves ends the drawing', async () => {
  const { slow, admission, ask } = await serveSlowly();
  const asking = ask(1000);
  await slow.begun(1);
  slow.runs[0]!.finish();
  const response = await asking;
  await slow.begun(2);
  response.destroy();
  while (!slow.runs[1]!.cancelled) await setImmediate();
  while (admission.inside.pictures > 0) await setImmediate();
  expect(slow.runs).toHaveLength(2);
});

test('what ends a stream before its end is its last line', async () => {
  const { slow, admission, ask } = await serveSlowly();
  const asking = ask(1000);
  await slow.begun(1);
  slow.runs[0]!.finish();
  const response = await asking;
  await slow.begun(2);
  admission.cutOff();
  let text = '';
  for await (const chunk of response) text += chunk;
  const lines = linesOf(text);
  expect(lines).toHaveLength(65);
  expect(lines.at(-1)).toMatchObject({
    error: { code: 'service_unavailable', message: 'the server is stopping' },
  });
});

test('each part has the deadline’s time, and the first its status', async () => {
  const { slow, ask } = await serveSlowly({ deadlineMs: 400 });
  const late = await ask(1000);
  expect(late.statusCode).toBe(504);
  const asking = ask(320);
  for (let run = 2; run <= 6; run++) {
    await slow.begun(run);
    await new Promise((resolve) => setTimeout(resolve, 100));
    slow.runs[run - 1]!.finish();
  }
  const response = await asking;
  let text = '';
  for await (const chunk of response) text += chunk;
  expect(linesOf(text).at(-1)).toEqual({ done: 320 });
});

test('those who do not read make room for others, those who read go on', async () => {
  const keys = ['a-key-of-one-who-hangs', 'a-key-of-one-who-reads', 'a-key-of-somebody-else'];
  const { slow, admission, ask } = await serveSlowly({ maxQueue: 256 }, keys);
  const asking = Promise.all([ask(6000, keys[0]), ask(6000, keys[1])]);
  let seen = await drawOn(slow.runs);
  const [unread, read] = await asking;
  const cut = expect(once(unread, 'end')).rejects.toThrow('aborted');
  expect(admission.inside.pictures).toBe(256);
  vi.useFakeTimers({ toFake: ['performance'] });
  const refused = await ask(1, keys[2]);
  // Two seconds, and as long as the levels of two parts take at 2 Mbit/s.
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '5']);
  vi.advanceTimersByTime(4000);
  const soon = await ask(1, keys[2]);
  expect([soon.statusCode, soon.headers['retry-after']]).toEqual([429, '1']);
  read.resume();
  while (slow.runs.length === seen) await setImmediate();
  vi.advanceTimersByTime(1000);
  const others = ask(1, keys[2]);
  let more = true;
  const ended = once(read, 'end').then(() => {
    more = false;
  });
  for (; more; await setImmediate()) {
    for (; seen < slow.runs.length; seen++) slow.runs[seen]!.finish();
  }
  await ended;
  expect((await others).statusCode).toBe(200);
  unread.resume();
  await cut;
  expect(read.complete).toBe(true);
});
