/** Traces, as a collector gets them: https://opentelemetry.io/docs/specs/otlp/ */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type RunningServer, serveGenerator, startTracing, type Tracing } from '../src/index.ts';
import { slowGenerator } from './slow-generator.ts';

let server: RunningServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Takes what is sent to it, and gives it when it is asked for. */
async function startCollector() {
  const got: { path: string; body: string }[] = [];
  const collector = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    got.push({ path: request.url!, body });
    response.setHeader('Content-Type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  return {
    got,
    url: `http://127.0.0.1:${port}`,
    async close() {
      collector.closeAllConnections();
      collector.close();
      await once(collector, 'close');
    },
  };
}

async function serve(tracing: Tracing | undefined) {
  const { generator, runs, begun } = await slowGenerator();
  server = await serveGenerator(generator, { port: 0, pageDir: '/nowhere', graceMs: 0, tracing });
  const get = (path: string, init?: RequestInit) => fetch(new URL(path, server!.url), init);
  return { get, runs, begun };
}

const attributesOf = ({ attributes }: { attributes: { key: string; value: object }[] }) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

test('each request is a span of the trace that it belongs to', async () => {
  const collector = await startCollector();
  const tracing = await startTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const { get, runs, begun } = await serve(tracing);
  const [trace, parent] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  const headers = { traceparent: `00-${trace}-${parent}-01`, 'X-Request-Id': 'mine' };
  const asked = get('/v1/images/1/2.png?key=secret', { headers });
  await begun(1);
  runs[0]!.finish();
  await (await asked).bytes();
  await get('/nothing');
  await tracing!.close();
  expect(collector.got[0]!.path).toBe('/v1/traces');
  const text = collector.got.map(({ body }) => body).join('');
  expect(text).not.toContain('secret');
  const { resourceSpans } = JSON.parse(collector.got[0]!.body);
  expect(attributesOf(resourceSpans[0].resource)).toMatchObject({ 'service.name': 'ganport' });
  const { spans } = resourceSpans[0].scopeSpans[0];
  expect(spans[0]).toMatchObject({ name: 'GET', kind: 2, traceId: trace, parentSpanId: parent });
  expect(attributesOf(spans[0])).toEqual({
    ...{ 'http.request.method': 'GET', 'url.path': '/v1/images/1/2.png' },
    ...{ 'http.response.status_code': 200, 'ganport.request_id': 'mine' },
    ...{ 'ganport.model': 'fixture', 'ganport.version': '1' },
  });
  expect(spans[0].events).toMatchObject([{ name: 'admitted' }]);
  expect(attributesOf(spans[1])).toMatchObject({ 'http.response.status_code': 404 });
  expect(spans[1].traceId).not.toBe(trace);
  await collector.close();
});

test('a collector that is gone costs no request', async () => {
  const tracing = await startTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
  const { get } = await serve(tracing);
  expect((await get('/v1/model')).status).toBe(200);
  await tracing!.close();
});

test('without an address for them there are none', async () => {
  expect(await startTracing({})).toBeUndefined();
});
