/** What operators do, at an address of their own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildGenerator } from '../../sample/test/fixture.ts';
import { type ModelServer, parseApiKeys, startServer } from '../src/index.ts';

const TOKEN = 'the-token-of-operators';
const headers = { Authorization: `Bearer ${TOKEN}` };
const generator = (side: number) => buildGenerator({ latent: 4, height: side, width: side }).model;

let folder: string;
let path: string;
let server: ModelServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganport-admin-'));
  path = join(folder, 'a.onnx');
  await writeFile(path, generator(4));
  const [token] = parseApiKeys(TOKEN, 'token');
  server = await startServer({
    ...{ model: path, port: 0, pageDir: '/tmp', device: 'cpu' },
    ...{ admin: { port: 0, token: token! } },
  });
});
afterAll(async () => {
  await server.close();
  await expect(fetch(server.adminUrl!)).rejects.toThrow();
  await rm(folder, { recursive: true });
});

const post = async (path: string, init: RequestInit = { headers }) => {
  const response = await fetch(new URL(path, server.adminUrl), { method: 'POST', ...init });
  return { status: response.status, body: await response.json() };
};
const width = async () => {
  const { metadata } = await (await fetch(new URL('v1/model', server.url))).json();
  return metadata.image.width;
};

test('nobody does anything without the token, nor with a key of clients', async () => {
  for (const shown of [undefined, 'Bearer another-token-of-some', `Digest ${TOKEN}`]) {
    const init = shown ? { headers: { Authorization: shown } } : {};
    const { status, body } = await post('v2/repository/models/fixture/unload', init);
    expect([status, body.error]).toEqual([401, expect.stringMatching(/ token( |$)/)]);
    const other = await post('reload', init);
    expect(other.body.error.message).toBe(body.error);
    expect(other.body.error.request_id).toMatch(/^[\da-f-]{36}$/);
  }
  expect((await fetch(new URL('livez', server.adminUrl))).status).toBe(200);
  expect(await width()).toBe(4);
});

test('clients have no such addresses', async () => {
  const init = { method: 'POST', headers };
  const response = await fetch(new URL('v2/repository/models/fixture/unload', server.url), init);
  expect(response.status).toBe(404);
});

test('a model is unloaded, and loaded again', async () => {
  expect((await post('v2/repository/index')).body).toEqual([
    { name: 'fixture', version: '1', state: 'READY' },
  ]);
  const init = { headers, body: '{"parameters":{"unload_dependents":false}}' };
  expect((await post('v2/repository/models/fixture/unload', init)).status).toBe(200);
  expect((await post('v2/repository/index', { headers, body: '{"ready":true}' })).body).toEqual([]);
  expect((await post('v2/repository/index')).body).toEqual([
    { name: 'fixture', state: 'UNAVAILABLE', reason: 'unloaded' },
  ]);
  expect(await post('v2/repository/models/fixture/load')).toEqual({
    status: 200,
    body: { events: [{ type: 'loaded', name: 'fixture', version: '1' }] },
  });
  expect(await width()).toBe(4);
});

test('while its default model is unloaded, it lives and is not ready', async () => {
  const ask = async (path: string) => {
    const response = await fetch(new URL(path, server.url));
    return [response.status, await response.text()];
  };
  await post('v2/repository/models/fixture/unload');
  expect(await ask('livez')).toEqual([200, 'ok']);
  expect(await ask('v2/health/live')).toEqual([200, '{"live":true}']);
  expect(await ask('readyz')).toEqual([503, 'unloaded']);
  expect(await ask('v1/health')).toEqual([503, '{"status":"unloaded"}']);
  expect(await ask('v2/health/ready')).toEqual([503, '{"ready":false}']);
  await post('v2/repository/models/fixture/load');
  expect(await ask('readyz')).toEqual([200, 'ok']);
  expect(await ask('v1/health')).toEqual([200, '{"status":"ready","device":"cpu"}']);
  expect(await ask('v2/health/ready')).toEqual([200, '{"ready":true}']);
});

test('what has changed is taken over; what is bad is told with its reason', async () => {
  await writeFile(path, generator(5));
  expect((await post('reload')).body.events).toMatchObject([{ type: 'loaded' }]);
  expect(await width()).toBe(5);
  await writeFile(path, 'garbage');
  const { status, body } = await post('v2/repository/models/fixture/load');
  expect(status).toBe(422);
  expect(body.events).toMatchObject([{ type: 'refused', reason: expect.stringContaining('ONNX') }]);
  expect(await width()).toBe(5);
});

test('a model that cannot be loaded is refused each time, and the index says why', async () => {
  const load = () => post('v2/repository/models/fixture/load');
  await rm(path);
  await post('v2/repository/models/fixture/unload');
  const refused = [{ type: 'refused', reason: expect.stringContaining('no such file') }];
  for (const again of [load, load, () => post('reload')]) {
    expect(await again()).toMatchObject({ status: 422, body: { events: refused } });
  }
  expect((await post('v2/repository/index')).body).toEqual([
    { name: 'fixture', state: 'UNAVAILABLE', reason: expect.stringContaining('no such file') },
  ]);
  await post('v2/repository/models/fixture/unload');
  await mkdir(path);
  expect(await load()).toMatchObject({
    status: 422,
    body: { error: 'fixture: its files are gone, or being written to' },
  });
  await rm(path, { recursive: true });
  await writeFile(path, generator(4));
  expect(await load()).toMatchObject({ status: 200, body: { events: [{ type: 'loaded' }] } });
});

test.each([
  ['v2/repository/models/dogs/load', 404, 'there is no model "dogs": expected fixture'],
  ['v2/repository/models/__proto__/unload', 404, 'there is no model "__proto__"'],
  ['v2/repository/models/..%2f..%2fetc/load', 404, 'there is no model "../../etc"'],
  ['nothing', 404, 'there is nothing at "POST /nothing"'],
])('%s is a %i', async (path, status, message) => {
  const answer = await post(path);
  expect(answer.status).toBe(status);
  const { error } = answer.body;
  expect(path.startsWith('v2/') ? error : error.message).toContain(message);
});

test.each([
  ['index', '{"ready":"yes"}', 'ready: expected true or false, got "yes"'],
  ['index', '{', 'the body is not JSON'],
  ['models/fixture/load', '{"parameters":{"config":"{}"}}', 'parameters takes no "config"'],
  [
    'models/fixture/unload',
    '{"parameters":{"unload":1}}',
    'parameters takes no "unload"; it takes unload_dependents',
  ],
])('%s with %s is a 400', async (path, body, message) => {
  const answer = await post(`v2/repository/${path}`, { headers, body });
  expect(answer).toEqual({ status: 400, body: { error: expect.stringContaining(message) } });
  expect(await width()).toBe(4);
});
