/** The client draws what the service draws, tells what it refuses, asks again when told to, and can be stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import {
  buildGenerator,
  decodePicture,
  largestDifference,
  writeTemporary,
} from '../../sample/test/fixture.ts';
import { type Client, createClient, ServiceError } from '../src/client/index.ts';
import { type RunningServer, startServer } from '../src/index.ts';

const { model, expected } = buildGenerator({ latent: 8, height: 5, width: 4 });
const file = await writeTemporary(model);
let server: RunningServer;
let client: Client;
beforeAll(async () => {
  server = await startServer({ model: file.path, port: 0, pageDir: '/tmp' });
  client = createClient(server.url);
});
afterAll(async () => {
  await server.close();
  await file.remove();
});

describe('against the service', () => {
  test('files, levels, frames and addresses are of the pictures asked for', async () => {
    const picture = await decodePicture(await client.sample({ seed: 3, start: 2 }));
    expect(largestDifference(picture.data, expected(3, 2))).toBeLessThanOrEqual(1);
    const { shape, data } = await client.levels({ seeds: [3, 4], count: 2 });
    expect(shape).toEqual([4, 5, 4, 1]);
    expect(largestDifference(data.subarray(60), expected(4, 1))).toBeLessThanOrEqual(1);
    const frames = await client.frames({ from: { seed: 3, index: 2 }, to: { seed: 4 }, steps: 3 });
    expect(frames).toHaveLength(3);
    const first = await decodePicture(frames[0]!);
    expect(largestDifference(first.data, expected(3, 2))).toBeLessThanOrEqual(1);
    const animation = await client.interpolate({ from: { seed: 1 }, to: { seed: 2 }, steps: 2 });
    expect(Buffer.from(animation).toString('latin1', 8, 12)).toBe('WEBP');
    const linked = await fetch(client.pictureUrl(3, 2, { truncation: 0.5 }));
    const cut = await decodePicture(await linked.bytes());
    expect(largestDifference(cut.data, expected(3, 2, 0.5))).toBeLessThanOrEqual(1);
  });

  test('a stream gives each picture, and ends when it is left', async () => {
    const indices: number[] = [];
    for await (const { seed, index, data } of client.stream({
      ...{ seed: 3, start: 5, count: 200, format: 'raw' },
    })) {
      expect(seed).toBe(3);
      indices.push(index);
      if (index === 150) {
        expect(largestDifference(data, expected(3, 150))).toBeLessThanOrEqual(1);
      }
    }
    expect(indices).toEqual(Array.from({ length: 200 }, (_, i) => 5 + i));
    let some = 0;
    for await (const _ of client.stream({ seed: 3, count: 2 ** 20, format: 'raw' })) {
      some += 1;
      if (some === 10) break;
    }
    const inside = async () => (await (await fetch(`${server.url}metrics`)).text()).split('\n');
    while (!(await inside()).includes('ganport_inside_pictures 0')) await sleep(5);
  });

  test('what there is, of one model or of another', async () => {
    const [only] = await client.models();
    expect(only).toMatchObject({ name: 'fixture', versions: [{ version: '1' }] });
    const { sha256, metadata } = await client.model();
    expect(sha256).toBe(only!.versions[0]!.sha256);
    expect(metadata.latent.size).toBe(8);
    const named = createClient(server.url, { model: 'fixture' });
    expect(await named.model()).toEqual(await client.model());
    const plain = await client.sample({ seed: 1 });
    expect(await named.sample({ seed: 1 })).toEqual(plain);
    const other = createClient(server.url, { model: '../x' });
    await expect(other.model()).rejects.toMatchObject({ name: 'ServiceError', status: 404 });
  });

  test('a refusal is one class with status, code and the request’s id', async () => {
    const error = await client.sample({ seed: -1 }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({
      ...{ status: 400, code: 'bad_request', requestId: expect.stringMatching(/^[\w-]{36}$/) },
      message: 'seed: expected a whole number from 0 to 9007199254740991, got -1',
    });
    const stream = client.stream({ seed: 1, count: 2 ** 21 });
    await expect(stream.next()).rejects.toMatchObject({ status: 400, code: 'bad_request' });
  });

  test('a signal takes a request back, also a stream', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(client.sample({ seed: 1 }, { signal })).rejects.toThrow('enough');
    const controller = new AbortController();
    const request = { seed: 1, count: 2 ** 20 };
    const stream = client.stream(request, { signal: controller.signal });
    await stream.next();
    controller.abort(new Error('enough'));
    const rest = async () => {
      for await (const _ of stream);
    };
    await expect(rest()).rejects.toThrow('enough');
  });

  test('where nobody answers, that is said', async () => {
    const nobody = createClient('http://127.0.0.1:1');
    const error = await nobody.model().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ status: 0, code: 'unreachable', requestId: undefined });
    expect((error as Error).message).toBe('http://127.0.0.1:1 cannot be reached');
  });
});

/** A client to which these are answered, one after the other. */
function answering(answers: Response[], options: { retries?: number } = {}) {
  const asked: { url: string; init: RequestInit }[] = [];
  const fake: typeof fetch = async (url, init = {}) => {
    init.signal?.throwIfAborted();
    asked.push({ url: String(url), init });
    return answers[Math.min(asked.length, answers.length) - 1]!.clone();
  };
  const made = createClient('http://a/b', { ...options, fetch: fake, apiKey: 'secret' });
  return { made, asked };
}

describe('asking again', () => {
  const refuse = (status: number, after: string | undefined) =>
    Response.json(
      { error: { code: 'too_many_requests', message: 'later' } },
      { status, headers: after === undefined ? {} : { 'Retry-After': after } },
    );
  const soon = () => new Date(Date.now() - 1000).toUTCString();

  test.each([
    [429, '0'],
    [503, '0'],
    [429, soon()],
  ])('after a %i with Retry-After: %s', async (status, after) => {
    const { made, asked } = answering([
      refuse(status, after),
      refuse(status, after),
      new Response(Uint8Array.of(1)),
    ]);
    expect(await made.sample({ seed: 1 })).toEqual(Uint8Array.of(1));
    expect(asked).toHaveLength(3);
    expect(asked[2]!.url).toBe('http://a/b/v1/sample');
    expect(asked[2]!.init).toMatchObject({
      body: '{"seed":1}',
      headers: { Authorization: 'Bearer secret' },
    });
  });

  test.each([
    [refuse(429, '0'), 2, 3],
    [refuse(429, '0'), 0, 1],
    [refuse(429, '3600'), 2, 1],
    [refuse(400, '0'), 2, 1],
    [refuse(500, '0'), 2, 1],
    [refuse(504, '0'), 2, 1],
  ])('not for ever, and not for all: %#', async (refusal, retries, times) => {
    const { made, asked } = answering([refusal], { retries });
    await expect(made.model()).rejects.toMatchObject({ status: refusal.status, message: 'later' });
    expect(asked).toHaveLength(times);
  });

  test('it waits as long as it is told, and no longer than it is wanted', async () => {
    const began = performance.now();
    const { made } = answering([refuse(503, '1'), Response.json({ models: [] })]);
    expect(await made.models()).toEqual([]);
    expect(performance.now() - began).toBeGreaterThan(990);
    const { made: long, asked } = answering([refuse(503, '30')]);
    const waiting = long.models({ signal: AbortSignal.timeout(20) });
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(asked).toHaveLength(1);
  });

  test('what is not the service’s own is told by its status', async () => {
    const { made } = answering([
      new Response('<html>', { status: 502, statusText: 'Bad Gateway' }),
    ]);
    const refused = {
      status: 502,
      code: 'http_502',
      message: 'the server answered 502 Bad Gateway',
    };
    await expect(made.model()).rejects.toMatchObject(refused);
  });

  test.each([
    ['{"seed":1,"index":0,"data":"eA=="}\n', { code: 'cut_off', status: 0 }],
    ['{"seed":1,"index":0,"data":"eA=="}\n{"see', { code: 'cut_off', status: 0 }],
    [
      '{"seed":1,"index":0,"data":"eA=="}\n{"error":{"code":"gateway_timeout","message":"late"}}\n',
      { code: 'gateway_timeout', status: 504, message: 'late' },
    ],
  ])('a stream that ends early: %j', async (text, error) => {
    const { made } = answering([new Response(text, { headers: { 'X-Request-Id': 'a' } })]);
    const stream = made.stream({ seed: 1, count: 3 });
    expect((await stream.next()).value).toEqual({ seed: 1, index: 0, data: Uint8Array.of(120) });
    await expect(stream.next()).rejects.toMatchObject({ ...error, requestId: 'a' });
  });
});

describe('answers that are not the service’s reject with its one class', () => {
  const shaped = (shape: string) => new Response('abcd', { headers: { 'X-Shape': shape } });
  const cut = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.error(new TypeError('terminated')),
      }),
    );
  const way = { from: { seed: 1 }, to: { seed: 2 }, steps: 2 };
  const asks = {
    model: (made: Client) => made.model(),
    models: (made: Client) => made.models(),
    sample: (made: Client) => made.sample({ seed: 1 }),
    levels: (made: Client) => made.levels({ seed: 1 }),
    frames: (made: Client) => made.frames(way),
    stream: async (made: Client) => {
      for await (const _ of made.stream({ seed: 1 }));
    },
  };
  const picture = '{"seed":1,"index":0,"data":"eA=="}';

  test.each<[keyof typeof asks, Response, string, number]>([
    ['model', Response.json({ error: null }, { status: 500 }), 'http_500', 500],
    ['model', Response.json(null, { status: 500 }), 'http_500', 500],
    ['model', Response.json({ error: { code: 5, message: {} } }, { status: 500 }), 'http_500', 500],
    ['model', Response.json({ metadata: null }), 'not_understood', 200],
    ['models', new Response('<html>'), 'not_understood', 200],
    ['models', new Response(''), 'not_understood', 200],
    ['models', new Response(null, { status: 204 }), 'not_understood', 204],
    ['models', Response.json(null), 'not_understood', 200],
    ['models', Response.json({ models: {} }), 'not_understood', 200],
    ['models', cut(), 'cut_off', 0],
    ['sample', cut(), 'cut_off', 0],
    ['frames', Response.json({}), 'not_understood', 200],
    ['frames', Response.json({ frames: [5] }), 'not_understood', 200],
    ['frames', Response.json({ frames: ['*'] }), 'not_understood', 200],
    ['levels', new Response('abcd'), 'not_understood', 200],
    ['sample', new Response('<html>'), 'not_understood', 200],
    ['sample', new Response(null, { status: 204 }), 'not_understood', 204],
    ['levels', shaped('a,b'), 'not_understood', 200],
    ['levels', shaped('1,2,1,1'), 'not_understood', 200],
    ['levels', shaped('4'), 'not_understood', 200],
    ['stream', new Response('5\n'), 'not_understood', 200],
    ['stream', new Response('null\n'), 'not_understood', 200],
    ['stream', new Response('{"error":null}\n'), 'not_understood', 200],
    ['stream', new Response('{"seed":1,"index":0}\n'), 'not_understood', 200],
    ['stream', new Response('{"seed":1,"index":0,"data":"*"}\n'), 'not_understood', 200],
    ['stream', new Response('{"data":"eA=="}\n'), 'not_understood', 200],
    ['stream', new Response('{"done":999}\n'), 'cut_off', 0],
    ['stream', new Response(`${picture}\n{"done":2}\n`), 'cut_off', 0],
    ['stream', new Response('<html>\n'), 'cut_off', 0],
    ['stream', new Response(null, { status: 204 }), 'cut_off', 0],
    ['stream', cut(), 'cut_off', 0],
  ])('%s: %#', async (what, answer, code, status) => {
    const { made } = answering([answer]);
    const error = await asks[what](made).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ code, status });
  });

  test('a signal’s reason is told while the answer is read', async () => {
    const controller = new AbortController();
    const answer = new Response(
      new ReadableStream({
        pull(stream) {
          controller.abort(new Error('enough'));
          stream.error(controller.signal.reason);
        },
      }),
    );
    const made = createClient('http://a', { fetch: async () => answer });
    await expect(made.models({ signal: controller.signal })).rejects.toThrow('enough');
  });
});

test('its types are the schemas’, whose library is not in it', async () => {
  type Request = Parameters<Client['sample']>[0];
  expectTypeOf<Request['seed']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Request['format']>().toEqualTypeOf<'png' | 'webp' | 'grid' | 'npy' | undefined>();
  expectTypeOf<{ sed: 1 }>().not.toExtend<Request>();
  expectTypeOf<Awaited<ReturnType<Client['model']>>['sha256']>().toBeString();
  const entry = fileURLToPath(new URL('../src/client/index.ts', import.meta.url));
  const made = await build({
    logLevel: 'error',
    configFile: false,
    build: { write: false, lib: { entry, formats: ['es'], fileName: 'client' } },
  });
  const [{ output }] = made as { output: { code: string; imports: string[] }[] }[] as [
    { output: [{ code: string; imports: string[] }] },
  ];
  expect(output[0].imports).toEqual([]);
  expect(output[0].code).not.toMatch(/zod|safeParse|node:/);
  expect(output[0].code.length).toBeLessThan(8000);
});
