/** Requests of any method, address, headers and body: an answer below 500, or the words for it. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, METHODS, request } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { buildGenerator, writeTemporary } from '../../sample/test/fixture.ts';
import { type RunningServer, startServer } from '../src/index.ts';

const file = await writeTemporary(buildGenerator({ latent: 4, height: 4, width: 4 }).model);
let server: RunningServer;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  server = await startServer({ model: file.path, port: 0, pageDir: '/tmp' });
});
afterAll(async () => {
  agent.destroy();
  await server.close();
  await file.remove();
});

const word = fc.oneof(
  fc.constantFrom('', '0', '1', '-1', '1e9', 'NaN', '9007199254740992', '4294967296', '007'),
  fc.constantFrom('%2e%2e', '%00', '%', '__proto__', 'constructor', '..;', '%E0%A4%A', 'fixture'),
  fc.string({ maxLength: 8 }).map(encodeURIComponent),
);
const exact = fc.constantFrom(
  ...['/v1/sample', '/v2/models/fixture/infer', '/generator.onnx', '/v1/images/1/2.png'],
);
const composed = fc
  .tuple(
    fc.constantFrom(
      ...['/', '/v1/images/', '/v1/images/1/', '/v1/sample', '/v1/model', '/v1/health', '/livez'],
      ...['/v2', '/v2/models/', '/v2/models/fixture/infer', '/v2/models/fixture/versions/'],
      ...['/generator.onnx', '/ort/', '/assets/'],
    ),
    word,
    fc.constantFrom('', '.png', '.webp', '/infer', '/ready', '?count=2', '?format=raw', '?model='),
    word,
  )
  .map((parts) => parts.join(''));
const path = fc.oneof(exact, composed);
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.constantFrom(2 ** 53, -0, 1e300),
);
const value = fc.oneof(number, word, fc.constant(null), fc.array(number, { maxLength: 4 }));
const body = fc
  .oneof(
    fc.record(
      { seed: value, seeds: value, start: value, count: value, format: value },
      { requiredKeys: [] },
    ),
    fc.record({
      inputs: fc.array(
        fc.record(
          {
            name: fc.constantFrom('z', 'y'),
            datatype: fc.constantFrom('FP32', 'X'),
            shape: value,
            data: value,
          },
          { requiredKeys: ['name', 'datatype'] },
        ),
        { maxLength: 2 },
      ),
    }),
    fc.jsonValue({ maxDepth: 3 }),
  )
  .map((json) => JSON.stringify(json));
const headers = fc.record(
  {
    'content-type': fc.constantFrom(
      'application/json',
      'text/plain',
      'application/json; charset=x',
      '/',
    ),
    'content-encoding': fc.constantFrom('gzip', 'br', 'x'),
    'inference-header-content-length': fc.oneof(fc.integer().map(String), word),
    range: fc.constantFrom('bytes=0-0', 'bytes=9-1', 'bytes=-1', 'bytes=a', 'x=1-2'),
    'if-match': fc.constantFrom('*', '"a"', 'W/"a"', ','),
    'if-none-match': fc.constantFrom('*', '"a"', ','),
    'x-request-id': fc.string({ maxLength: 8 }).map(encodeURIComponent),
  },
  { requiredKeys: [] },
);
// A CONNECT or an Upgrade is no request that an application sees.
const method = fc.constantFrom('GET', 'POST', ...METHODS.filter((name) => name !== 'CONNECT'));

test('whatever is asked, nothing fails and nothing hangs', async () => {
  const complaints = vi.spyOn(console, 'error');
  const { hostname, port } = new URL(server.url);
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(method, path, headers, body, async (method, path, headers, body) => {
      const asked = request({ hostname, port, method, path, agent, headers });
      asked.end(method === 'GET' || method === 'HEAD' ? undefined : body);
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      let text = '';
      for await (const chunk of answer) text += chunk;
      const status = answer.statusCode!;
      statuses.add(status);
      expect(status).toBeLessThan(500);
      if (status < 400 || method === 'HEAD') return;
      const { error } = JSON.parse(text);
      expect(error.message ?? error).not.toMatch(/\n|node_modules|\/tmp|\.ts/);
    }),
    { numRuns: 300, seed: 1 },
  );
  expect(complaints).not.toHaveBeenCalled();
  complaints.mockRestore();
  // It gets somewhere.
  for (const status of [200, 400, 404, 405, 415]) expect(statuses).toContain(status);
});
