/** The server of a live page: who may ask, for what, and what is sent to whom. */
import { once } from 'node:events';
import { get, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test, vi } from 'vitest';
import { ServeError, startWatch, type Watch, type Watched } from '../src/index.ts';

const open: Watch[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((watch) => watch.close()));
});

const files = {
  '/': { type: 'html', text: '<!doctype html>' },
  '/a.js': { type: 'js', text: '1' },
};

async function start(watched: Partial<Watched> = {}): Promise<Watch> {
  const rest = { files, update: async () => 1, picture: async () => undefined };
  const watch = await startWatch({ ...rest, ...watched }, { port: 0, flag: '--port' });
  open.push(watch);
  return watch;
}

/** A client of the events, with what it has been sent. */
async function listenTo({ url }: Watch) {
  const asked = get(`${url}events`);
  const [response] = await once(asked, 'response');
  let sent = '';
  response.on('data', (chunk: Buffer) => {
    sent += chunk;
  });
  response.on('error', () => {});
  const events = () => [...sent.matchAll(/event: update\ndata: (.*)\n\n/g)].map(([, data]) => data);
  return {
    headers: response.headers,
    ended: new Promise((resolve) => response.once('close', resolve)),
    leave: () => asked.destroy(),
    events,
    text: () => sent,
  };
}

/** Status and text, asked for with another Host or method. */
async function ask(url: string, options: object): Promise<[number | undefined, string]> {
  const asked = request(url, options).end();
  const [response] = await once(asked, 'response');
  return [response.statusCode, await text(response)];
}

test('the page’s files are served with their types, and nothing else is', async () => {
  const { url } = await start();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const page = await fetch(url);
  expect(await page.text()).toBe('<!doctype html>');
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect((await fetch(`${url}a.js`)).headers.get('content-type')).toMatch(/^text\/javascript/);
  for (const path of ['b.js', 'A.js', 'a.js/']) {
    const response = await fetch(url + path);
    expect([path, response.status]).toEqual([path, 404]);
    expect(await response.json()).toMatchObject({ error: { code: 'not_found' } });
  }
});

test('only what names this machine is answered, and only GET', async () => {
  const { url } = await start();
  for (const host of ['127.0.0.1', 'localhost:99', '[::1]:3100', 'LOCALHOST']) {
    expect((await ask(url, { headers: { host } }))[0]).toBe(200);
  }
  for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil', '10.0.0.1']) {
    const [status, body] = await ask(`${url}events`, { headers: { host } });
    expect([host, status]).toEqual([host, 400]);
    expect(body).toContain('Host: expected 127.0.0.1 or localhost');
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']) {
    expect((await ask(url, { method }))[0]).toBe(405);
  }
});

test('a picture is asked for by the number of its step, whatever the address says', async () => {
  const picture = vi.fn(async (step: number) => (step === 7 ? Buffer.from('png') : undefined));
  const { url } = await start({ picture });
  const found = await fetch(`${url}pictures/7.png`);
  expect([found.status, found.headers.get('content-type')]).toEqual([200, 'image/png']);
  expect(await found.text()).toBe('png');
  expect((await fetch(`${url}pictures/8.png`)).status).toBe(404);
  expect(picture.mock.calls).toEqual([[7], [8]]);
  for (const odd of [
    '007',
    '-1',
    '1e3',
    '..%2f..%2fetc%2fpasswd',
    '%00',
    '7%2f..%2f8',
    '9'.repeat(30),
  ]) {
    const { status } = await fetch(`${url}pictures/${odd}.png`);
    expect([odd, status]).toEqual([odd, 400]);
  }
  expect(picture).toHaveBeenCalledTimes(2);
});

test('each client is sent how things stand, and again when they are otherwise', async () => {
  let state = { step: 1 };
  const watch = await start({ update: async () => state });
  const first = await listenTo(watch);
  expect(first.headers['content-type']).toMatch(/^text\/event-stream/);
  await vi.waitFor(() => expect(first.events()).toEqual(['{"step":1}']));
  const second = await listenTo(watch);
  state = { step: 2 };
  const both = ['{"step":1}', '{"step":2}'];
  await vi.waitFor(() => expect(first.events()).toEqual(both), { timeout: 5000 });
  await vi.waitFor(() => expect(second.events().at(-1)).toBe('{"step":2}'), { timeout: 5000 });
  state = { step: 3 };
  await watch.close();
  await Promise.all([first.ended, second.ended]);
  expect(first.events()).toEqual([...both, '{"step":3}']);
  expect(second.events().at(-1)).toBe('{"step":3}');
});

test('as it ends, a client may ask for what it was told of last, and is waited for 2 s at most', async () => {
  let state = 1;
  const watch = await start({ update: async () => state, picture: async () => Buffer.from('png') });
  const client = await listenTo(watch);
  await vi.waitFor(() => expect(client.events()).toEqual(['1']));
  state = 2;
  const closing = watch.close();
  await vi.waitFor(() => expect(client.text()).toMatch(/data: 2\n\nevent: end\ndata: null\n\n$/));
  expect(await (await fetch(`${watch.url}pictures/2.png`)).text()).toBe('png');
  // One that comes now would be told of a server that is going.
  await expect(fetch(`${watch.url}events`)).rejects.toThrow();
  const left = performance.now();
  client.leave();
  await closing;
  expect(performance.now() - left).toBeLessThan(1000);
  const another = await start();
  const staying = await listenTo(another);
  await vi.waitFor(() => expect(staying.events()).toEqual(['1']));
  const began = performance.now();
  await another.close();
  expect(performance.now() - began).toBeGreaterThan(1900);
  await staying.ended;
});

test('nobody looks while nobody watches', async () => {
  const update = vi.fn(async () => 1);
  const watch = await start({ update });
  await fetch(watch.url);
  expect(update).not.toHaveBeenCalled();
  const client = await listenTo(watch);
  await vi.waitFor(() => expect(client.events()).toEqual(['1']));
  client.leave();
  // Longer than from one look to the next.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect(update).toHaveBeenCalledOnce();
  // One who comes later is told again.
  const late = await listenTo(watch);
  await vi.waitFor(() => expect(late.events()).toEqual(['1']));
});

test('what cannot be told ends the clients, not what is watched', async () => {
  const complaints = vi.spyOn(console, 'error').mockImplementation(() => {});
  const watch = await start({
    update: async () => {
      throw new Error('out of files');
    },
  });
  const client = await listenTo(watch);
  await client.ended;
  expect(client.events()).toEqual([]);
  expect(complaints).toHaveBeenCalledOnce();
  await watch.close();
});

test('a port in use is refused in one line with the flag that names another', async () => {
  const { url } = await start();
  const port = Number(new URL(url).port);
  const watched = { files, update: async () => 1, picture: async () => undefined };
  const starting = startWatch(watched, { port, flag: '--watch' });
  await expect(starting).rejects.toThrow(ServeError);
  await expect(startWatch(watched, { port, flag: '--watch' })).rejects.toThrow(
    `port ${port} of 127.0.0.1 is in use: stop what uses it, or choose another with --watch`,
  );
});
