/** `POST /v1/sample` without the application: the same answers, and who is handed over to it. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadGenerator } from '@ganport/sample/node';
import { afterEach, expect, test } from 'vitest';
import { buildGenerator } from '../../sample/test/fixture.ts';
import { answerDirectly } from '../src/direct.ts';
import { createAdmission, createApp, createService, type Limits, oneModel } from '../src/index.ts';
import { createMetrics } from '../src/metrics.ts';
import { slowGenerator } from './slow-generator.ts';

const { model } = buildGenerator({ latent: 8, height: 4, width: 5 });
const loaded = await loadGenerator({ path: 'test', bytes: model }, { device: 'cpu' });
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** Serves a generator. @returns asks for a sample, and the addresses that the application was asked for */
async function serve(generator = loaded, limits: Partial<Limits> = {}) {
  const admission = createAdmission(limits);
  const models = oneModel(createService(generator, { admission }));
  const metrics = createMetrics(models);
  const rules = { allowedHosts: [], corsOrigins: ['https://example.org'] };
  const app = createApp({ models, metrics, ...rules });
  const handed: string[] = [];
  const direct = answerDirectly(
    (request, response) => {
      handed.push(request.url!);
      app(request, response);
    },
    { models, metrics, ...rules },
  );
  const server = createServer(direct).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = (asked: unknown, headers: Record<string, string> = {}, path = '/v1/sample') =>
    fetch(url + path, {
      method: 'POST',
      body: typeof asked === 'string' ? asked : JSON.stringify(asked),
      headers: { 'Content-Type': 'application/json', 'X-Request-Id': 'one', ...headers },
    });
  return {
    ask,
    handed,
    admission,
    metricsText: async () => (await fetch(`${url}/metrics`)).text(),
  };
}

/** All that a client sees. */
async function seen(response: Response) {
  const { status, headers } = response;
  const told = Object.fromEntries([...headers].filter(([name]) => name !== 'date'));
  return { status, told, body: Buffer.from(await response.arrayBuffer()).toString('latin1') };
}

test.each([
  { seed: 1, count: 3, format: 'raw' },
  { seeds: [1, 2 ** 40], start: 5, count: 2, format: 'npy' },
  { seed: 1, count: 2, format: 'json', truncation: 0.5 },
  { seed: 1, count: 7, format: 'grid' },
  { seed: 1, model: 'fixture' },
  { seed: 1, start: 9, format: 'webp' },
])('%j has the answer of the application', async (asked) => {
  const { ask, handed } = await serve();
  const direct = await seen(await ask(asked));
  expect([direct.status, handed]).toEqual([200, []]);
  // This makes it another request, and no other answer.
  const body = `${JSON.stringify(asked)} `;
  const applied = await seen(
    await ask(body, { 'Content-Type': 'application/json; charset=utf-8' }),
  );
  expect(handed).toEqual(['/v1/sample']);
  expect(direct).toEqual(applied);
});

test.each<[string, unknown, number, Record<string, string>?, string?]>([
  ['a field that is wrong', { seed: -1 }, 400],
  ['what is no JSON', '{', 400],
  ['a name that leads back', '{"seed":1,"__proto__":{}}', 400],
  ['another model', { seed: 1, model: 'cats' }, 404],
  ['a body that is too large', { seed: 1, model: 'x'.repeat(2 ** 14) }, 413],
  ['another type', { seed: 1 }, 415, { 'Content-Type': 'text/plain' }],
  ['another encoding', { seed: 1 }, 400, { 'Content-Encoding': 'gzip' }],
  ['a page of another origin', { seed: 1 }, 200, { Origin: 'https://example.org' }],
  ['a stream', { seed: 1, stream: true }, 200],
  ['a query', { seed: 1 }, 200, {}, '/v1/sample?a=b'],
  ['a model by its address', { seed: 1 }, 200, {}, '/models/fixture/v1/sample'],
])('the application answers %s', async (_, asked, status, headers, path) => {
  const { ask, handed } = await serve();
  const response = await ask(asked, headers, path);
  expect([response.status, handed.length]).toEqual([status, 1]);
  await response.bytes();
});

test('what is too much, or late, is refused at once, in the same form, and counted', async () => {
  const slow = await slowGenerator();
  const { ask, handed, metricsText } = await serve(slow.generator, {
    ...{ maxQueue: 4, maxShare: 1, deadlineMs: 300 },
  });
  const late = ask({ seed: 1, count: 4, format: 'raw' });
  await slow.begun(1);
  const refused = await ask({ seed: 2, format: 'raw' });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, expect.any(String)]);
  expect(await refused.json()).toEqual({
    error: {
      code: 'too_many_requests',
      message: '4 pictures of yours wait already: ask again later',
      request_id: 'one',
    },
  });
  expect((await (await late).json()).error.message).toBe('it was not drawn within 0.3 s');
  expect(handed).toEqual([]);
  const text = await metricsText();
  for (const code of [429, 504]) {
    expect(text).toContain(
      `ganport_request_seconds_count{code="${code}",model="fixture",version="1"} 1`,
    );
  }
});

test('who stops lets nobody in', async () => {
  const { ask, handed, admission } = await serve();
  admission.drain();
  expect((await ask({ seed: 1 })).status).toBe(503);
  expect(handed).toEqual(['/v1/sample']);
});
