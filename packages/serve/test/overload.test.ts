/** More than can be drawn: what is let in, what is refused, what is given up. */
import { once } from 'node:events';
import { Agent, get as ask, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { type RunningServer, type ServingOptions, serveGenerator } from '../src/index.ts';
import { slowGenerator } from './slow-generator.ts';

const servers: RunningServer[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) await server.close();
});

async function serve(options: ServingOptions = {}, maxBatch?: number) {
  const slow = await slowGenerator(maxBatch);
  const server = await serveGenerator(slow.generator, {
    ...{ port: 0, pageDir: '/nowhere', graceMs: 0 },
    ...options,
  });
  servers.push(server);
  const get = (path: string, init?: RequestInit) => fetch(new URL(path, server.url), init);
  return { slow, runs: slow.runs, begun: slow.begun, server, get };
}

const errorOf = async (response: Response) => (await response.json()).error;

test('who finds no room is told when to come again, and others are served on', async () => {
  const { get, runs, begun } = await serve({ maxQueue: 8 });
  const inside = get('/v1/images/1?count=8&format=raw');
  await begun(1);
  const refused = await get('/v1/images/2/0.png');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d?$/);
  expect(await errorOf(refused)).toMatchObject({
    code: 'too_many_requests',
    message: '8 pictures of yours wait already: ask again later',
  });
  expect((await get('/v1/health')).status).toBe(200);
  runs[0]!.finish();
  expect((await (await inside).bytes()).length).toBe(8);
  const later = get('/v1/images/2/0.png');
  await begun(2);
  runs[1]!.finish();
  expect((await later).status).toBe(200);
});

test('there is no room for more bytes either, but any request that is allowed fits an empty house', async () => {
  const { get, runs, begun } = await serve({ maxQueueBytes: 3 });
  const large = get('/v1/images/1?count=9&format=raw');
  await begun(1);
  expect((await get('/v1/images/1/0.png')).status).toBe(429);
  runs[0]!.finish();
  expect((await large).status).toBe(200);
});

test('what is not drawn in time is a 504, and its run is cancelled', async () => {
  const { get, runs } = await serve({ deadlineMs: 50 });
  const late = await get('/v1/images/1/0.png');
  expect(late.status).toBe(504);
  expect(await errorOf(late)).toMatchObject({
    code: 'gateway_timeout',
    message: 'it was not drawn within 0.05 s',
  });
  expect(runs).toMatchObject([{ cancelled: true }]);
});

test('64 requests whose clients have left do not hold up the next by more than their run', async () => {
  const { get, runs, begun } = await serve({}, 16);
  const controller = new AbortController();
  const abandoned = Array.from({ length: 64 }, (_, seed) =>
    get(`/v1/images/${seed}?count=16&format=raw`, { signal: controller.signal }),
  );
  await begun(1);
  controller.abort();
  await Promise.allSettled(abandoned);
  const next = get('/v1/images/1/0.png');
  while (runs.at(-1)!.count > 1) await setImmediate();
  runs.at(-1)!.finish();
  expect((await next).status).toBe(200);
  // Nobody finished any of the runs before.
  expect(runs.slice(0, -1).every(({ cancelled }) => cancelled)).toBe(true);
});

test('requests that are sent without waiting are answered one after another, in order', async () => {
  const { server, runs, begun } = await serve();
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  const body = '{"seed": 5, "format": "raw"}';
  socket.write(
    [
      'GET /v1/images/1/0.png HTTP/1.1\r\nHost: a\r\n\r\n',
      `POST /v1/sample HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      'GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    ].join(''),
  );
  const answer = readAll(socket);
  await begun(1);
  await setImmediate();
  expect(runs).toHaveLength(1);
  runs[0]!.finish();
  await begun(2);
  runs[1]!.finish();
  const types = [...(await answer).matchAll(/HTTP\/1.1 (\d+)|Content-Type: ([^;\r]+)/g)];
  expect(types.map(([, status, type]) => status ?? type)).toEqual([
    ...['200', 'image/png', '200', 'application/octet-stream'],
    ...['200', 'application/json', '404', 'application/json'],
  ]);
});

test('half a megabyte of them is cut off, having cost no picture and no memory', async () => {
  const { server, runs, begun, get } = await serve();
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const request = 'GET /v1/images/1?count=64 HTTP/1.1\r\nHost: a\r\n\r\n';
  const before = process.memoryUsage().rss;
  socket.write(request.repeat(Math.ceil(2 ** 19 / request.length)));
  await closed;
  const next = get('/v1/images/2/0.png');
  await begun(1);
  runs[0]!.finish();
  expect((await next).status).toBe(200);
  expect(runs).toMatchObject([{ cancelled: false, count: 1 }]);
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
});

test('what comes behind an answer that ends the connection is not begun', async () => {
  const { server, runs, get } = await serve();
  const picture = 'GET /v1/images/1?count=64&format=raw HTTP/1.1\r\nHost: a\r\n\r\n';
  const large = [
    'POST /v1/sample HTTP/1.1\r\nHost: a\r\nContent-Type: application/json',
    `Transfer-Encoding: chunked\r\n\r\n4e20\r\n${' '.repeat(0x4e20)}\r\n0\r\n\r\n`,
  ].join('\r\n');
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.write(large + picture);
  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 413 (?!.*HTTP\/1\.1)/s);
  expect(runs).toEqual([]);
  expect(await (await get('/metrics')).text()).toContain('ganport_inside_pictures 0\n');
});

test('while it drains, what was sent behind another request does not hold it up', async () => {
  const { server } = await serve({ graceMs: 60_000 });
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const closed = server.close();
  socket.write('GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2));
  expect((await readAll(socket)).match(/HTTP\/1.1 \d+|Connection: \w+/g)).toEqual([
    'HTTP/1.1 503',
    'Connection: close',
  ]);
  await closed;
});

test('while some wait, a connection is not read from', async () => {
  const { server, runs, begun } = await serve();
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  const request = 'GET /v1/images/1/0.webp HTTP/1.1\r\nHost: a\r\n\r\n';
  socket.write(request + request);
  await begun(1);
  // More than the system keeps for a connection, sent by whom nobody listens to.
  const rest = Buffer.alloc(2 ** 26, '\r\n');
  const sent = new Promise<string>((resolve) => socket.write(rest, () => resolve('sent')));
  const answer = readAll(socket);
  const state = await Promise.race([sent, new Promise((after) => setTimeout(after, 300, 'held'))]);
  expect(state).toBe('held');
  runs[0]!.finish();
  expect(await sent).toBe('sent');
  socket.end();
  expect((await answer).match(/HTTP\/1.1 200/g)).toHaveLength(2);
});

test('a HEAD draws nothing', async () => {
  const { get, runs } = await serve();
  for (const path of ['/v1/images/1/0.png', '/v1/images/1/0.webp', '/v1/images/1?count=4']) {
    const response = await get(path, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).toBeTruthy();
  }
  expect((await get('/v1/images/x/0.png', { method: 'HEAD' })).status).toBe(400);
  expect(runs).toEqual([]);
});

test('a picture that was asked for lately is not drawn again, in whichever way it was asked for', async () => {
  const { get, runs, begun } = await serve();
  const first = get('/v1/images/3/4.png');
  await begun(1);
  runs[0]!.finish();
  const bytes = await (await first).bytes();
  const body = JSON.stringify({ seed: 3, start: 4 });
  const headers = { 'Content-Type': 'application/json' };
  const posted = await get('/v1/sample', { method: 'POST', body, headers });
  expect(posted.headers.get('content-type')).toBe('image/png');
  expect(await posted.bytes()).toEqual(bytes);
  expect(runs).toHaveLength(1);
});

const FIXTURE = '{model="fixture",version="1"}';

test('what happens is told to Prometheus', async () => {
  const { get, runs, begun } = await serve({ maxQueue: 3 });
  const metrics = async () =>
    new Map(
      (await (await get('/metrics')).text())
        .split('\n')
        .filter((line) => !line.startsWith('#'))
        .map((line) => line.split(' ') as [string, string]),
    );
  const asked = get('/v1/images/1?count=3&format=raw');
  await begun(1);
  expect((await get('/v1/images/2/0.png')).status).toBe(429);
  const busy = await metrics();
  expect(busy.get('ganport_inside_pictures')).toBe('3');
  expect(busy.get('ganport_inside_bytes')).toBe('3');
  runs[0]!.finish();
  await (await asked).bytes();
  const controller = new AbortController();
  const left = get('/v1/images/1?count=2&format=raw', { signal: controller.signal });
  await begun(2);
  controller.abort();
  await left.catch(() => {});
  let told = await metrics();
  while (told.get(`ganport_runs_cancelled_total${FIXTURE}`) !== '1') told = await metrics();
  expect(told.get('ganport_inside_pictures')).toBe('0');
  // With the golden sample.
  expect(told.get(`ganport_runs_total${FIXTURE}`)).toBe('3');
  expect(told.get(`ganport_pictures_total${FIXTURE}`)).toBe('6');
  expect(told.get(`ganport_batch_pictures_sum${FIXTURE}`)).toBe('6');
  for (const [le, count] of [
    ['1', '1'],
    ['2', '2'],
    ['4', '3'],
    ['+Inf', '3'],
  ]) {
    const bucket = `ganport_batch_pictures_bucket{le="${le}",model="fixture",version="1"}`;
    expect(told.get(bucket)).toBe(count);
  }
  expect(told.get(`ganport_queue_wait_seconds_count${FIXTURE}`)).toBe('3');
  expect(told.get('ganport_request_seconds_count{code="429",model="fixture",version="1"}')).toBe(
    '1',
  );
  expect(told.get('ganport_request_seconds_count{code="499",model="fixture",version="1"}')).toBe(
    '1',
  );
});

test('stopping refuses, finishes what was asked for, and then closes the generator', async () => {
  const { slow, server, get } = await serve({ graceMs: 60_000 });
  const agent = new Agent({ keepAlive: true });
  const kept = await response(new URL('/v1/health', server.url), agent);
  const asked = get('/v1/images/1/0.png');
  await slow.begun(1);
  const closed = server.close();
  servers.pop();
  expect(kept.statusCode).toBe(200);
  const health = await get('/v1/health');
  expect([health.status, (await health.json()).status]).toEqual([503, 'draining']);
  const refused = await get('/v1/images/2/0.png');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('connection')).toBe('close');
  expect(await errorOf(refused)).toMatchObject({ code: 'service_unavailable' });
  slow.runs[0]!.finish();
  expect((await asked).status).toBe(200);
  await closed;
  expect(slow.closed).toBe(true);
  agent.destroy();
});

test('what cannot be finished within the grace is answered 503', async () => {
  const { slow, server, get } = await serve({ graceMs: 50 });
  const asked = get('/v1/images/1/0.png');
  await slow.begun(1);
  await server.close();
  servers.pop();
  const response = await asked;
  expect(response.status).toBe(503);
  expect((await errorOf(response)).message).toBe('the server is stopping');
  expect(slow.runs).toMatchObject([{ cancelled: true }]);
  expect(slow.closed).toBe(true);
});

async function readAll(socket: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += chunk.toString('latin1');
  return text;
}

async function response(url: URL, agent: Agent): Promise<IncomingMessage> {
  const [answer] = (await once(ask(url, { agent }), 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer;
}
