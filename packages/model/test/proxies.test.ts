/** Downloads by way of a proxy that the environment names. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { download } from '../src/download.ts';
import { proxiesOf } from '../src/proxies.ts';

/** What each was asked, with the credentials it was shown. */
const asked: Record<'origin' | 'proxy', string[]> = { origin: [], proxy: [] };
const record =
  (server: keyof typeof asked) =>
  (line: string, credentials = 'nobody') =>
    asked[server].push(`${line} by ${credentials}`);

const origin = createServer(({ url }, response) => {
  record('origin')(url!);
  if (url === '/moved') response.writeHead(302, { location: '/here' });
  response.end('from the origin');
});
const proxy = createServer(({ url, headers }, response) => {
  record('proxy')(url!, headers['proxy-authorization']);
  response.end('from the proxy');
}).on('connect', ({ url, headers }, socket) => {
  record('proxy')(`CONNECT ${url}`, headers['proxy-authorization']);
  socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
});

const hostOf = (server: Server) => `127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  for (const server of [origin, proxy]) await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => {
  for (const server of [origin, proxy]) {
    server.close();
    server.closeAllConnections();
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const lines of Object.values(asked)) lines.splice(0);
});

/** Downloads with these variables alone; the text. */
async function get(url: string, env: Record<string, string>, stallMs?: number): Promise<string> {
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy']) {
    for (const variable of [name, name.toUpperCase()]) vi.stubEnv(variable, env[variable]);
  }
  let text = '';
  const take = (bytes: Uint8Array) => {
    text += Buffer.from(bytes).toString();
  };
  await download(url, take, { stallMs });
  return text;
}

test.each(['HTTP_PROXY', 'http_proxy'])('%s is asked for what http: names', async (variable) => {
  const url = `http://${hostOf(origin)}/digits.gz`;
  const env = { [variable]: `http://me:p%40ss@${hostOf(proxy)}` };
  expect(await get(url, env)).toBe('from the proxy');
  const credentials = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
  expect(asked).toEqual({ origin: [], proxy: [`${url} by ${credentials}`] });
});

test('an address that has moved is followed', async () => {
  expect(await get(`http://${hostOf(origin)}/moved`, {})).toBe('from the origin');
  expect(asked.origin).toEqual(['/moved by nobody', '/here by nobody']);
});

test('without its protocol, it is a proxy over http', async () => {
  const url = `http://${hostOf(origin)}/digits.gz`;
  expect(await get(url, { HTTP_PROXY: hostOf(proxy) })).toBe('from the proxy');
});

test.each<[string, Record<string, string>]>([
  ['no variable', {}],
  [
    'one that is empty, whose name comes first',
    { http_proxy: '', HTTP_PROXY: 'http://127.0.0.1:1' },
  ],
  ['a proxy for https:', { HTTPS_PROXY: 'http://127.0.0.1:1' }],
  ['a host in NO_PROXY', { HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: 'localhost, 127.0.0.1' }],
])('%s leaves it to the origin', async (_, env) => {
  expect(await get(`http://${hostOf(origin)}/a`, env)).toBe('from the origin');
  expect(asked).toEqual({ origin: ['/a by nobody'], proxy: [] });
});

test.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY'])(
  '%s is asked for a tunnel to what https: names, and is named where it refuses',
  async (variable) => {
    const attempt = get(`https://${hostOf(origin)}/a`, { [variable]: `http://${hostOf(proxy)}` });
    await expect(attempt).rejects.toThrow(
      new RegExp(`403.*, with ${variable} set to ${hostOf(proxy)}$`),
    );
    expect(asked).toEqual({ origin: [], proxy: [`CONNECT ${hostOf(origin)} by nobody`] });
  },
);

test('a proxy that hangs up is given up like a server that does not answer', async () => {
  const mute = createServer().on('connect', (_, socket) => socket.destroy());
  await once(mute.listen(0, '127.0.0.1'), 'listening');
  const attempt = get('https://nowhere.invalid/', { https_proxy: hostOf(mute) }, 200);
  await expect(attempt).rejects.toThrow(
    `no data for 0.2 s, with https_proxy set to ${hostOf(mute)}`,
  );
  mute.close();
});

test('a proxy that cannot be reached is named, without its password', async () => {
  const attempt = get(`http://${hostOf(origin)}/a`, { HTTP_PROXY: 'http://me:secret@127.0.0.1:1' });
  await expect(attempt).rejects.toThrow(
    /^connect ECONNREFUSED 127\.0\.0\.1:1, with HTTP_PROXY set to 127\.0\.0\.1:1$/,
  );
});

test.each([
  ['socks5://me:secret@127.0.0.1:1080', '"…@127.0.0.1:1080"'],
  ['http://', '"http://"'],
  ['proxy.example:port', '"proxy.example:port"'],
])('%s is no address of a proxy', (address, got) => {
  const message = `https_proxy: expected an address such as http://host:8080, got ${got}`;
  expect(() => proxiesOf({ https_proxy: address })).toThrow(new Error(message));
});
