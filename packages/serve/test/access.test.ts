/** Who may ask, from where, how often, and what pages of others may do with answers. */
import { once } from 'node:events';
import { get as ask, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import {
  parseApiKeys,
  type RunningServer,
  type ServingOptions,
  serveGenerator,
} from '../src/index.ts';
import { slowGenerator } from './slow-generator.ts';

const servers: RunningServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(options: ServingOptions = {}) {
  const { generator } = await slowGenerator();
  const server = await serveGenerator(generator, {
    ...{ port: 0, pageDir: '/nowhere', graceMs: 0 },
    ...options,
  });
  servers.push(server);
  return (path: string, init?: RequestInit) => fetch(new URL(path, server.url), init);
}

const KEY = 'correct-horse-battery';
const apiKeys = parseApiKeys(`lab:${KEY}\n# a remark\nother-key-of-24-letters`, 'keys');
const basic = (key: string) => `Basic ${Buffer.from(`anyone:${key}`).toString('base64')}`;

describe('API keys', () => {
  test.each<[string, Record<string, string>, number]>([
    ['none', {}, 401],
    ['a bearer’s', { Authorization: `Bearer ${KEY}` }, 200],
    ['a bearer’s in small letters', { authorization: `bearer ${KEY}` }, 200],
    ['its own header’s', { 'X-API-Key': KEY }, 200],
    ['the second, a browser’s', { Authorization: basic('other-key-of-24-letters') }, 200],
    ['one that is not known', { Authorization: 'Bearer correct-horse-batterz' }, 401],
    ['the beginning of one', { Authorization: `Bearer ${KEY.slice(0, -1)}` }, 401],
    ['one and more', { 'X-API-Key': `${KEY}x` }, 401],
    ['of another scheme', { Authorization: `Digest ${KEY}` }, 401],
    ['nothing after the scheme', { Authorization: 'Bearer' }, 401],
    [
      'Basic without a colon',
      { Authorization: `Basic ${Buffer.from('x').toString('base64')}` },
      401,
    ],
  ])('%s', async (_, headers, status) => {
    const get = await serve({ apiKeys });
    const response = await get('/v1/model', { headers });
    expect(response.status).toBe(status);
    if (status === 200) return;
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="ganport"/);
    expect((await response.json()).error.code).toBe('unauthorized');
  });

  test('are asked for everywhere but by probes', async () => {
    const get = await serve({ apiKeys });
    for (const path of ['/livez', '/readyz', '/startupz', '/v1/health']) {
      expect([path, (await get(path)).status]).toEqual([path, 200]);
    }
    for (const path of [
      ...['/', '/nothing', '/metrics', '/generator.onnx', '/v1/models', '/v1/images/1/0.png'],
      ...['/models/fixture/v1/model', '/ort/ort.wasm.min.mjs'],
    ]) {
      expect([path, (await get(path)).status]).toEqual([path, 401]);
    }
    const infer = await get('/v2/models/fixture/infer', { method: 'POST', body: '{}' });
    expect([infer.status, await infer.json()]).toEqual([401, { error: 'expected an API key' }]);
  });

  test.each([
    ['', 'keys: expected a key, got none'],
    ['# nothing', 'keys: expected a key, got none'],
    ['a:short', 'keys, line 1: expected a key of at least 16'],
    [`a:${KEY}\n\na:${KEY}`, 'keys, line 3: the name "a" is given twice'],
    [`a b:${KEY}`, 'keys, line 1: expected a name of'],
    ['a:with some spaces in it', 'keys, line 1: expected a key of'],
  ])('%o is refused, without repeating a key', (text, message) => {
    expect(() => parseApiKeys(text, 'keys')).toThrow(message);
    try {
      parseApiKeys(text, 'keys');
    } catch (error) {
      expect((error as Error).message).not.toMatch(/correct|spaces in/);
    }
  });
});

test('more requests a minute than allowed are refused, of one key and not of others', async () => {
  const get = await serve({ apiKeys, ratePerMinute: 3 });
  const with1 = { headers: { 'X-API-Key': KEY } };
  for (let i = 0; i < 3; i += 1) expect((await get('/v1/model', with1)).status).toBe(200);
  const refused = await get('/v1/model', with1);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  expect((await refused.json()).error.message).toMatch(/at most 3 requests a minute/);
  const other = { headers: { 'X-API-Key': 'other-key-of-24-letters' } };
  expect((await get('/v1/model', other)).status).toBe(200);
  expect((await get('/livez')).status).toBe(200);
});

test('addresses behind a proxy are told apart only where the proxy is trusted', async () => {
  const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } });
  const trusting = await serve({ ratePerMinute: 1, trustProxy: 'loopback' });
  expect((await trusting('/v1/model', from('192.0.2.1'))).status).toBe(200);
  expect((await trusting('/v1/model', from('192.0.2.1'))).status).toBe(429);
  expect((await trusting('/v1/model', from('192.0.2.2'))).status).toBe(200);
  // Who has a network of IPv6 has all its addresses.
  expect((await trusting('/v1/model', from('2001:db8::1'))).status).toBe(200);
  expect((await trusting('/v1/model', from('2001:db8::2'))).status).toBe(429);
  const plain = await serve({ ratePerMinute: 1 });
  expect((await plain('/v1/model', from('192.0.2.1'))).status).toBe(200);
  expect((await plain('/v1/model', from('192.0.2.2'))).status).toBe(429);
});

describe('names of the server', () => {
  /** The status for a Host header, which fetch does not set. */
  async function status(get: Awaited<ReturnType<typeof serve>>, host: string): Promise<number> {
    const { port } = new URL((await get('/livez')).url);
    const request = ask({ port, host: '127.0.0.1', path: '/v1/model', headers: { host } });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode!;
  }

  test.each([
    ...['localhost', 'localhost:3000', 'page.localhost', '127.0.0.1:80', '[::1]:3000', 'ganport'],
    ...['10.1.2.3'],
  ])('%s is served', async (host) => {
    expect(await status(await serve(), host)).toBe(200);
  });

  test.each(['evil.example', 'evil.example:3000', '127.0.0.1.evil.example', 'localhost.evil.test'])(
    '%s is another’s that leads here',
    async (host) => {
      expect(await status(await serve(), host)).toBe(421);
    },
  );

  test('others are given', async () => {
    const get = await serve({ allowedHosts: ['Draw.example'] });
    expect(await status(get, 'draw.example:3000')).toBe(200);
    expect(await status(get, 'other.example')).toBe(421);
  });
});

// Case 22: a page of another origin shows pictures, and reads nothing unless a flag lets it.
describe('pages of other origins', () => {
  const from = { headers: { Origin: 'https://a.example' } };

  test('show pictures, and may not read, nor frame the page', async () => {
    const get = await serve();
    const response = await get('/v1/model', from);
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(response.headers.get('x-frame-options')).toBe('DENY');
  });

  test('may read where their origin is given, and ask first', async () => {
    const get = await serve({ corsOrigins: ['https://a.example'], apiKeys });
    const first = await get('/v1/sample', {
      method: 'OPTIONS',
      headers: { ...from.headers, 'Access-Control-Request-Method': 'POST' },
    });
    expect(first.status).toBe(204);
    expect(first.headers.get('access-control-allow-origin')).toBe('https://a.example');
    expect(first.headers.get('access-control-allow-methods')).toContain('POST');
    const read = await get('/v1/model', {
      headers: { ...from.headers, Authorization: `Bearer ${KEY}` },
    });
    expect(read.headers.get('access-control-allow-origin')).toBe('https://a.example');
    expect(read.headers.get('access-control-expose-headers')).toContain('X-Shape');
    expect(read.headers.get('vary')).toContain('Origin');
    const other = await get('/v1/model', { headers: { Origin: 'https://b.example' } });
    expect(other.headers.has('access-control-allow-origin')).toBe(false);
  });

  test('may all read with a star', async () => {
    const get = await serve({ corsOrigins: ['*'] });
    expect((await get('/v1/model', from)).headers.get('access-control-allow-origin')).toBe('*');
  });

  test('may frame the page where their origin is given', async () => {
    const get = await serve({ frameAncestors: ['https://a.example', "'self'"] });
    const { headers } = await get('/v1/model');
    expect(headers.get('content-security-policy')).toContain(
      "frame-ancestors https://a.example 'self'",
    );
    expect(headers.has('x-frame-options')).toBe(false);
  });
});
