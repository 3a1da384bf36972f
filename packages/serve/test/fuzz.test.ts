/**
 * Requests of any method, address, headers and body: an answer below 500, or one that says to come again. FUZZ=100000 sends as
 * many, FUZZ_SEED others.
 */
import { once } from 'node:events';
import { Agent, type IncomingMessage, METHODS, request } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { buildGenerator, writeTemporary } from '../../sample/test/fixture.ts';
import { type ModelServer, parseApiKeys, startServer } from '../src/index.ts';

const COUNT = Number(process.env.FUZZ ?? 300);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
/** At a time. */
const CLIENTS = 8;
const MADE_UP = 300;
/** For an answer, and for all of them. */
const STUCK_MS = 20_000;
const LIMIT_MS = 60_000 + 20 * COUNT;
const TOKEN = 'the-token-of-operators';

const file = await writeTemporary(buildGenerator({ latent: 4, height: 4, width: 4 }).model);
let server: ModelServer;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  const [token] = parseApiKeys(TOKEN, 'token');
  const model = [file.path, { name: 'other', model: file.path }];
  const admin = { port: 0, token: token! };
  server = await startServer({ model, port: 0, pageDir: '/tmp', device: 'cpu', admin });
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
  ...['/v1/interpolate', '/v1/images/generations', '/models/other/v1/sample', '/docs'],
);
const composed = fc
  .tuple(
    fc.constantFrom(
      ...['/', '/v1/images/', '/v1/images/1/', '/v1/sample', '/v1/model', '/v1/health', '/livez'],
      ...['/v2', '/v2/models/', '/v2/models/fixture/infer', '/v2/models/fixture/versions/'],
      ...[
        '/generator.onnx',
        '/ort/',
        '/assets/',
        '/metrics',
        '/v1/models',
        '/docs/',
        '/openapi.json',
      ],
      ...['/models/', '/models/other/', '/models/other/versions/', '/models/other/versions/1/'],
      ...['/v1/interpolate', '/v1/images/generations', '/readyz', '/startupz', '/v2/repository/'],
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
    fc.record(
      { from: fc.record({ seed: value, latent: value }), to: value, steps: value, fps: value },
      { requiredKeys: ['from'] },
    ),
    fc.record({ prompt: value, n: value, size: value, model: value }, { requiredKeys: ['prompt'] }),
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
const method = fc.oneof(
  { weight: 5, arbitrary: fc.constant('GET') },
  { weight: 3, arbitrary: fc.constant('POST') },
  { weight: 2, arbitrary: fc.constantFrom(...METHODS.filter((name) => name !== 'CONNECT')) },
);

interface Asked {
  /** Of the operators' address. */
  admin: boolean;
  /** Whether who asks there is one. */
  trusted: boolean;
  method: string;
  path: string;
  headers: Record<string, string | undefined>;
  body: string;
}

const asked: fc.Arbitrary<Asked> = fc.record({
  admin: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
  trusted: fc.boolean(),
  ...{ method, path, headers, body },
});

/**
 * @param again whether a connection that was kept may be found closed: while requests are made up, its time may be over, as that
 * of any client's. Another is opened then
 * @returns its status. @throws for an answer that is none, or does not come
 */
async function ask(asked: Asked, again = true): Promise<number> {
  const { admin, trusted, method, path, headers, body } = asked;
  const { hostname, port } = new URL(admin ? server.adminUrl! : server.url);
  // Nobody is to take the models away.
  const token =
    admin && trusted && !path.includes('load') ? { authorization: `Bearer ${TOKEN}` } : {};
  const sent = request({
    ...{ hostname, port, method, path },
    // The others that were kept may be closed too.
    agent: again ? agent : false,
    headers: { ...headers, ...token },
    signal: AbortSignal.timeout(STUCK_MS),
  });
  sent.end(method === 'GET' || method === 'HEAD' ? undefined : body);
  let answer: IncomingMessage;
  try {
    [answer] = await once(sent, 'response');
  } catch (error) {
    if (again && sent.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET') {
      return ask(asked, false);
    }
    throw error;
  }
  let text = '';
  for await (const chunk of answer) text += chunk;
  const status = answer.statusCode!;
  expect(status < 500 || status === 503 || status === 504, `${status} ${text}`).toBe(true);
  if (status >= 400 && method !== 'HEAD') {
    const { error } = JSON.parse(text);
    expect(error.message ?? error).not.toMatch(/\n|node_modules|\/tmp|\.ts/);
  }
  return status;
}

test(`${COUNT} requests: nothing fails and nothing hangs`, { timeout: LIMIT_MS }, async () => {
  const complaints = vi.spyOn(console, 'error');
  const statuses = new Map<number, number>();
  // Some at a time: while they are made up, nothing is answered.
  let left = COUNT;
  let all: Asked[] = [];
  const take = () => {
    if (all.length === 0 && left > 0) {
      all = fc.sample(asked, { numRuns: Math.min(left, MADE_UP), seed: SEED + left });
      left -= all.length;
    }
    return all.pop();
  };
  const client = async () => {
    for (let next = take(); next; next = take()) {
      const status = await ask(next).catch((error) => {
        throw new Error(`${JSON.stringify(next)}: ${error.message}`, { cause: error });
      });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  expect(complaints).not.toHaveBeenCalled();
  complaints.mockRestore();
  if (COUNT > 300) console.info(Object.fromEntries([...statuses].sort()));
  // It gets somewhere, and the service is there afterwards.
  for (const status of [200, 400, 401, 404, 405, 415])
    expect([...statuses.keys()]).toContain(status);
  expect((await fetch(new URL('v1/images/1/2.png', server.url))).status).toBe(200);
});
