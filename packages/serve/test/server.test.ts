import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  buildGenerator,
  decodePicture,
  largestDifference,
  writeTemporary,
} from '../../sample/test/fixture.ts';
import { type RunningServer, ServeError, startServer } from '../src/index.ts';
import { errorOf } from './error-of.ts';
import { makePageFolder } from './page-folder.ts';

const { model, expected } = buildGenerator();
const file = await writeTemporary(model);
const page = await makePageFolder();
const pageDir = page.path;
let server: RunningServer;

beforeAll(async () => {
  server = await startServer({ model: file.path, port: 0, pageDir });
});

afterAll(async () => {
  await server.close();
  await file.remove();
  await page.remove();
});

const get = (path: string, init?: RequestInit) => fetch(new URL(path, server.url), init);

/** Headers of a browser that asks whether what it has is still right; fetch's own say "no-cache". */
const revalidate = (etag: string) => ({ 'If-None-Match': etag, 'Cache-Control': 'max-age=0' });

describe('pictures', () => {
  test('one is a PNG of the levels that plain arithmetic gives', async () => {
    const response = await get('/v1/images/42/7.png');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('image/png');
    const picture = await decodePicture(new Uint8Array(await response.arrayBuffer()));
    expect(picture).toMatchObject({ width: 28, height: 28, channels: 1 });
    expect(largestDifference(picture.data, expected(42, 7))).toBeLessThanOrEqual(1);
  });

  test('the largest seed and index are served', async () => {
    expect((await get(`/v1/images/${2 ** 53 - 1}/${2 ** 32 - 1}.png`)).status).toBe(200);
  });

  test('several come raw, as JSON or as a grid, the same each time', async () => {
    const query = '?start=3&count=4&format=';
    const raw = await get(`/v1/images/42${query}raw`);
    expect(raw.headers.get('x-shape')).toBe('4,28,28,1');
    const levels = new Uint8Array(await raw.arrayBuffer());
    const want = Buffer.concat([3, 4, 5, 6].map((index) => expected(42, index)));
    expect(largestDifference(levels, want)).toBeLessThanOrEqual(1);

    const json = await (await get(`/v1/images/42${query}json`)).json();
    expect(json.shape).toEqual([4, 28, 28, 1]);
    expect(new Uint8Array(Buffer.from(json.data, 'base64'))).toEqual(levels);

    const grid = await get(`/v1/images/42${query}png`);
    const { data, width, height } = await decodePicture(new Uint8Array(await grid.arrayBuffer()));
    expect({ width, height }).toEqual({ width: 56, height: 56 });
    // Row 5 of the fourth picture is in the right half of row 28 + 5.
    const row = (28 + 5) * 56 + 28;
    expect(data.subarray(row, row + 28)).toEqual(levels.subarray(3 * 784 + 140, 3 * 784 + 168));
  });

  test('may be kept for ever only at an address that names the model', async () => {
    const { sha256 } = await (await get('/v1/model')).json();
    const plain = await get('/v1/images/1/2.png');
    expect(plain.headers.get('cache-control')).toBe('no-cache');
    const named = await get(`/v1/images/1/2.png?model=${sha256.slice(0, 16)}`);
    expect(named.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const addressed = await get(`/v1/images/${sha256.slice(0, 16)}/1/2.png`);
    expect(addressed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(addressed.headers.get('etag')).toBe(plain.headers.get('etag'));
    expect((await get('/v1/images/0123456789abcdef/1/2.png')).status).toBe(404);
    const other = await get('/v1/images/1/2.png?model=0123456789abcdef');
    expect(other.status).toBe(404);
    expect((await errorOf(other)).message).toBe(
      'there is no model "0123456789abcdef": expected fixture',
    );
  });

  test.each([
    ['/v1/images/42/7.png', '?t=1700000000'],
    ['/v1/images/42/7.png', '?_=1&utm_source=a&__proto__=1&size=2'],
    ['/v1/images/42?count=2', '&nocache'],
  ])('%s is the same with what others add: %s', async (path, added) => {
    const [plain, busted] = await Promise.all([get(path), get(path + added)]);
    expect(busted.status).toBe(200);
    expect(busted.headers.get('etag')).toBe(plain.headers.get('etag'));
    expect(await busted.bytes()).toEqual(await plain.bytes());
  });

  test('are drawn of truncated latents where asked for', async () => {
    const [cut, plain] = await Promise.all([
      get('/v1/images/42?start=7&count=1&format=raw&truncation=0.5'),
      get('/v1/images/42?start=7&count=1&format=raw'),
    ]);
    expect(largestDifference(await cut.bytes(), expected(42, 7, 0.5))).toBeLessThanOrEqual(1);
    expect(cut.headers.get('etag')).not.toBe(plain.headers.get('etag'));
    const one = await get('/v1/images/42/7.png?truncation=0.5');
    const { data } = await decodePicture(await one.bytes());
    expect(largestDifference(data, expected(42, 7, 0.5))).toBeLessThanOrEqual(1);
  });

  test('are not drawn again for a client that has them', async () => {
    const etag = (await get('/v1/images/1/2.png')).headers.get('etag')!;
    const headers = revalidate(etag);
    expect((await get('/v1/images/1/2.png', { headers })).status).toBe(304);
    expect((await get('/v1/images/1/3.png', { headers })).status).toBe(200);
  });
});

describe('POST /v1/sample', () => {
  const sample = (body: unknown, init?: RequestInit) =>
    get('/v1/sample', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
      ...init,
    });

  test('gives levels of a seed, or of several', async () => {
    const raw = await sample({ seed: 42, start: 3, count: 2, format: 'raw' });
    expect(raw.headers.get('x-shape')).toBe('2,28,28,1');
    expect(raw.headers.get('cache-control')).toBe('no-store');
    const want = Buffer.concat([expected(42, 3), expected(42, 4)]);
    expect(largestDifference(await raw.bytes(), want)).toBeLessThanOrEqual(1);

    const several = await sample({ seeds: [42, 7], start: 3, count: 2, format: 'json' });
    const { shape, data } = await several.json();
    expect(shape).toEqual([4, 28, 28, 1]);
    const both = Buffer.concat([want, expected(7, 3), expected(7, 4)]);
    expect(largestDifference(Buffer.from(data, 'base64'), both)).toBeLessThanOrEqual(1);

    const npy = await sample({ seeds: [42], format: 'npy' });
    expect(Buffer.from(await npy.bytes()).toString('latin1', 1, 6)).toBe('NUMPY');
  });

  test('gives the files that addresses give', async () => {
    const picture = await sample({ seed: 42, start: 7, format: 'webp' });
    expect(picture.headers.get('content-type')).toBe('image/webp');
    expect(await picture.bytes()).toEqual(await (await get('/v1/images/42/7.webp')).bytes());
    const grid = await sample({ seed: 42, count: 4, format: 'grid' });
    expect(await grid.bytes()).toEqual(await (await get('/v1/images/42?count=4')).bytes());
  });

  test.each([
    [{}, 'expected one of seed and seeds'],
    [{ seed: 1, seeds: [1] }, 'expected one of seed and seeds'],
    [{ seed: -1 }, 'seed: expected a whole number from 0 to 9007199254740991, got -1'],
    [{ seed: 2 ** 53 }, 'seed: expected a whole number from 0 to 9007199254740991'],
    [{ seed: '1' }, 'seed: expected a whole number from 0 to 9007199254740991, got "1"'],
    [{ seed: 0.5 }, 'seed: expected a whole number from 0 to 9007199254740991, got 0.5'],
    [{ seed: null }, 'seed: expected a whole number'],
    [{ seeds: [] }, 'seeds: '],
    [{ seeds: [1, 'x'] }, 'seeds.1: expected a whole number'],
    [{ seeds: 7 }, 'seeds: '],
    [{ seed: 1, count: 0 }, 'count: expected a whole number from 1 to 1048576, got 0'],
    [{ seed: 1, count: -1 }, 'count: expected a whole number from 1 to 1048576, got -1'],
    [{ seed: 1, count: 1e9 }, 'count: expected a whole number from 1 to 1048576, got 1000000000'],
    [{ seeds: [1, 2], count: 129, format: 'raw' }, 'seeds × count: expected at most 256 pictures'],
    [{ seed: 1, start: 2 ** 32 - 1, count: 2 }, 'start + count: expected at most 4294967296'],
    [{ seed: 1, class: 3 }, 'class: this generator was trained without classes'],
    [{ seed: 1, class: [] }, 'class: expected a class by its name or index, got a list of 0'],
    [{ seed: 1, format: 'gif' }, 'format: expected png, webp, grid, npy, raw or json, got "gif"'],
    [{ seed: 1, count: 2 }, 'format: png holds one picture, got 2: try grid'],
    [{ seed: 1, sed: 2 }, 'it takes no "sed"; did you mean "seed"?'],
    [[], 'the body: expected an object, got a list of 0'],
    ['{"seed": 1', 'the body is not JSON'],
    ['{"seed": NaN}', 'the body is not JSON'],
    ['1', 'the body: expected an object, got 1'],
    ['null', 'the body: expected an object, got null'],
    ['', 'the body is not JSON'],
  ])('%o is a 400 that says what is wrong', async (body, message) => {
    const response = await sample(body);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toContain(message);
  });

  test.each([
    [{ headers: {} }, 415, 'Content-Type: application/json'],
    [{ headers: { 'Content-Type': 'text/plain' } }, 415, 'Content-Type: application/json'],
    [
      { headers: { 'Content-Type': 'application/json; charset=x' } },
      415,
      'Content-Type: expected a charset',
    ],
    [{ body: `{"seed":1${' '.repeat(2 ** 14)}}` }, 413, 'the body is too large'],
    [{ method: 'GET', body: null }, 405, 'expected POST, got GET'],
    [{ method: 'DELETE' }, 405, 'expected POST, got DELETE'],
  ])('%o is a %i', async (init, status, message) => {
    const response = await sample({ seed: 1 }, init);
    expect(response.status).toBe(status);
    expect((await errorOf(response)).message).toContain(message);
  });
});

test('codes of an InfoGAN are as asked for', async () => {
  const codes = { kind: { categories: 3 }, slant: 'normal' } as const;
  // Golden samples are drawn with no code chosen, and stay.
  const { model } = buildGenerator({ alter: (metadata) => ({ ...metadata, codes }) });
  const coded = await writeTemporary(model);
  const server = await startServer({ model: coded.path, port: 0, pageDir });
  try {
    const get = (query: string) => fetch(new URL(`/v1/images/42?format=raw${query}`, server.url));
    const [plain, slanted, again] = await Promise.all(
      ['', '&code=slant=2', '&code=slant=2,kind=1'].map(get),
    );
    const etags = [plain, slanted, again].map((response) => response!.headers.get('etag'));
    expect(new Set(etags).size).toBe(3);
    const [a, b] = [await plain!.bytes(), await slanted!.bytes()];
    expect(largestDifference(a, b)).toBeGreaterThan(5);
    expect((await errorOf(await get('&code=kind=3'))).message).toBe(
      'code "kind": expected an integer from 0 to 2, got 3',
    );
    expect((await errorOf(await get('&code=digit=3'))).message).toBe(
      'there is no code "digit": expected kind, slant',
    );
  } finally {
    await server.close();
    await coded.remove();
  }
});

describe('the rest', () => {
  test.each(['/assets/page-abc.js', '/ort/ort.wasm.min.mjs', '/generator.onnx', '/'])(
    'parts of %s, and conditions on it',
    async (path) => {
      const complaints = vi.spyOn(console, 'error');
      const whole = await get(path);
      const bytes = await whole.bytes();
      const part = await get(path, { headers: { Range: 'bytes=1-2' } });
      expect(part.status).toBe(206);
      expect(part.headers.get('content-range')).toBe(`bytes 1-2/${bytes.length}`);
      expect(await part.bytes()).toEqual(bytes.subarray(1, 3));

      const outside = await get(path, { headers: { Range: `bytes=${bytes.length}-` } });
      expect(outside.status).toBe(416);
      expect(outside.headers.get('content-range')).toBe(`bytes */${bytes.length}`);
      expect((await errorOf(outside)).code).toBe('range_not_satisfiable');

      const other = await get(path, { headers: { 'If-Match': '"other"' } });
      expect(other.status).toBe(412);
      expect(other.headers.has('etag')).toBe(false);
      expect((await errorOf(other)).code).toBe('precondition_failed');

      const headers = { 'If-Match': whole.headers.get('etag')! };
      expect((await get(path, { headers })).status).toBe(200);
      expect(complaints).not.toHaveBeenCalled();
      complaints.mockRestore();
    },
  );

  test('there is no icon, which is no error', async () => {
    expect((await get('/favicon.ico')).status).toBe(204);
  });

  test('a request may bring its name, if it is one', async () => {
    const named = await get('/nothing', { headers: { 'X-Request-Id': 'a-1.b_2' } });
    expect(named.headers.get('x-request-id')).toBe('a-1.b_2');
    const odd = await get('/nothing', { headers: { 'X-Request-Id': '<b>' } });
    expect(odd.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });

  test('health, metadata and the model file', async () => {
    expect(await (await get('/v1/health')).json()).toEqual({ status: 'ready', device: 'cpu' });
    const description = await (await get('/v1/model')).json();
    expect(description).toMatchObject({
      bytes: model.length,
      device: 'cpu',
      runtime: expect.stringMatching(/^onnxruntime \S+ on the CPU$/),
      metadata: { name: 'fixture' },
    });
    const response = await get('/generator.onnx');
    expect(response.headers.get('etag')).toBe(`"${description.sha256}"`);
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), model)).toBe(0);
    const headers = revalidate(`"${description.sha256}"`);
    expect((await get('/generator.onnx', { headers })).status).toBe(304);
  });

  test.each([
    ['/', 'text/html; charset=utf-8', 'max-age=0'],
    ['/assets/page-abc.js', 'text/javascript; charset=utf-8', 'immutable'],
    ['/ort/ort.wasm.min.mjs', 'text/javascript; charset=utf-8', ''],
    ['/ort/ort-wasm-simd-threaded.wasm', 'application/wasm', ''],
    ['/ort/ort.webgpu.min.mjs', 'text/javascript; charset=utf-8', ''],
    ['/ort/ort-wasm-simd-threaded.asyncify.wasm', 'application/wasm', ''],
  ])('%s', async (path, type, cache) => {
    const response = await get(path, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('cache-control')).toContain(cache);
  });

  test.each(['/', '/v1/images/1/2.png', '/nothing'])('security headers: %s', async (path) => {
    const { headers } = await get(path);
    const policy = headers.get('content-security-policy')!.split(';');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.has('x-powered-by')).toBe(false);
  });
});

describe('starting and closing', () => {
  test('a port in use is refused in one line with a remedy', async () => {
    const port = Number(new URL(server.url).port);
    const refused = startServer({ model: file.path, port, pageDir });
    await expect(refused).rejects.toThrow(ServeError);
    await expect(refused).rejects.toThrow(
      `port ${port} of 127.0.0.1 is in use: stop what uses it, or choose another with --port`,
    );
  });

  test('an address that is not this machine, a missing page and a missing model are refused', async () => {
    const refused = startServer({ model: file.path, host: '192.0.2.1', port: 0, pageDir });
    await expect(refused).rejects.toThrow('this machine has no address 192.0.2.1');
    const bare = startServer({ model: file.path, port: 0, pageDir: '/nowhere' });
    await expect(bare).rejects.toThrow('the page is not built');
    await expect(startServer({ model: '/nowhere', port: 0, pageDir })).rejects.toThrow(
      'no such file',
    );
  });

  test('closing ends it: the port is free again, open connections do not hold it', async () => {
    const short = await startServer({ model: file.path, port: 0, pageDir });
    const port = Number(new URL(short.url).port);
    await (await fetch(short.url)).text();
    const silent = connect(port, '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    await short.close();
    await expect(fetch(short.url)).rejects.toThrow();
    const again = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => again.once('listening', resolve));
    await new Promise((resolve) => again.close(resolve));
  });
});
