/** Clients that hold on to what they have: connections, answers, halves of requests. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import {
  parseApiKeys,
  type RunningServer,
  type ServingOptions,
  serveGenerator,
} from '../src/index.ts';
import { slowGenerator } from './slow-generator.ts';

const servers: RunningServer[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close();
});

async function serve(options: ServingOptions = {}, side = 1) {
  const slow = await slowGenerator(256, side);
  const server = await serveGenerator(slow.generator, {
    ...{ port: 0, pageDir: '/nowhere', graceMs: 0 },
    ...options,
  });
  servers.push(server);
  const get = (path: string, init?: RequestInit) => fetch(new URL(path, server.url), init);
  /** A connection that reads nothing until it is told to. */
  const open = () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').pause();
    socket.on('error', () => {});
    sockets.push(socket);
    return socket;
  };
  return { get, open, url: server.url, ...slow };
}

const [KEY, OTHER] = ['a-key-of-those-who-hang', 'a-key-of-somebody-else'];
const apiKeys = parseApiKeys(`${KEY}\n${OTHER}`, 'keys');

test('eight that never read keep nobody out, and are cut off', async () => {
  const options = { maxQueue: 256, apiKeys, limits: { stalledMs: 400 } };
  const { get, open, runs, begun } = await serve(options, 512);
  for (let i = 0; i < 8; i += 1) {
    // 8 MiB each, more than the system keeps of a connection.
    open().write(
      `GET /v1/images/${i}?count=32&format=raw HTTP/1.1\r\nHost: a\r\nX-API-Key: ${KEY}\r\n\r\n`,
    );
  }
  await begun(1);
  const headers = { 'X-API-Key': OTHER };
  const inside = async () => {
    const metrics = await (await get('/metrics', { headers })).text();
    return Number(/^ganport_inside_pictures (\d+)$/m.exec(metrics)![1]);
  };
  // Half of the queue is the most for one client, and the others were told so.
  expect(await inside()).toBe(128);
  const asked = get('/v1/images/9?count=1&format=raw', { headers });
  let done = 0;
  const finish = async () => {
    for (; (await inside()) > 0; await setTimeout(20)) {
      for (; done < runs.length; done += 1) runs[done]!.finish();
    }
  };
  const finished = finish();
  expect((await asked).status).toBe(200);
  await (await asked).bytes();
  await finished;
});

test('one that reads slowly, but reads, is not cut off', async () => {
  const { open, runs, begun } = await serve({ limits: { stalledMs: 1500 } }, 512);
  const socket = open();
  socket.write(
    'GET /v1/images/1?count=64&format=raw HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  );
  await begun(1);
  // It waits for its pictures for longer than it may let an answer lie.
  await setTimeout(1700);
  runs[0]!.finish();
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    socket.pause();
    globalThis.setTimeout(() => socket.resume(), 10);
  });
  socket.resume();
  await once(socket, 'end');
  expect(bytes).toBeGreaterThan(64 * 512 * 512);
});

test('300 connections that send their heads by the byte are cut off, and hold up nobody', async () => {
  const { get, open } = await serve({ limits: { headersMs: 500 } });
  const head = 'GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: ';
  const slow = Array.from({ length: 300 }, open);
  const ended = Promise.all(slow.map((socket) => once(socket.resume(), 'close')));
  const sending = (async () => {
    for (let i = 0; slow.some((socket) => !socket.destroyed); i += 1) {
      for (const socket of slow) if (socket.writable) socket.write(head[i] ?? 'x');
      await setTimeout(50);
    }
  })();
  const took: number[] = [];
  for (let i = 0; i < 10; i += 1) {
    const began = performance.now();
    expect((await get('/livez')).status).toBe(200);
    took.push(performance.now() - began);
  }
  expect(Math.min(...took)).toBeLessThan(100);
  await ended;
  await sending;
});

test('an address has only its share of the connections', async () => {
  const { get, open } = await serve({ limits: { maxConnections: 20, maxPerAddress: 5 } });
  const held = Array.from({ length: 5 }, open);
  await Promise.all(held.map((socket) => once(socket, 'connect')));
  const turned = open().resume();
  await once(turned, 'close');
  held[0]!.destroy();
  let answer: Response | undefined;
  while (!answer) answer = await get('/livez').catch(() => undefined);
  expect(answer.status).toBe(200);
});

test.each([
  ['shorter than it says', 'Content-Length: 50\r\n\r\n{"seed": 1}', /^HTTP\/1\.1 408 /],
  ['longer than it says', 'Content-Length: 5\r\n\r\n{"seed": 1}', /^HTTP\/1\.1 400 /],
  ['of no length', 'Content-Length: x\r\n\r\n{"seed": 1}', /^HTTP\/1\.1 400 /],
  ['of two lengths', 'Content-Length: 9\r\nContent-Length: 11\r\n\r\n{}', /^HTTP\/1\.1 400 /],
  [
    'of a length and chunks',
    'Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    /400 /,
  ],
  [
    'of chunks that end early',
    'Transfer-Encoding: chunked\r\n\r\nff\r\n{"seed": 1}',
    /^HTTP\/1\.1 408 /,
  ],
  [
    'of a chunk without a size',
    'Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n',
    /^HTTP\/1\.1 400 /,
  ],
])('a body %s is answered, and ends the connection', async (_, rest, expected) => {
  const { open } = await serve({ limits: { requestMs: 500, headersMs: 400 } });
  const socket = open();
  socket.write(`POST /v1/sample HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${rest}`);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  expect(answer).toMatch(expected);
});

test.each([
  ['408', 'Content-Length: 50\r\n\r\n', ' '],
  ['400', 'Content-Length: x\r\n\r\n', ' '.repeat(2 ** 16)],
])('who sends on after a %s is cut off', async (status, rest, more) => {
  const { url } = await serve({ limits: { requestMs: 500, headersMs: 400 } });
  const port = Number(new URL(url).port);
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  socket.on('error', () => {});
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(`POST /v1/sample HTTP/1.1\r\nHost: a\r\n${rest}`);
  await once(socket, 'end');
  expect(answer).toMatch(`HTTP/1.1 ${status} `);
  const began = performance.now();
  const sending = setInterval(() => socket.write(more), 20);
  await closed;
  clearInterval(sending);
  expect(performance.now() - began).toBeLessThan(2000);
});
