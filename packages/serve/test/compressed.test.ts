/** Files of the page, in the encodings that clients take. */
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get as ask, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningServer, serveGenerator } from '../src/index.ts';
import { slowGenerator } from './slow-generator.ts';

const SCRIPT = 'export const words = "again and again";\n'.repeat(200);
let pageDir: string;
let server: RunningServer;
beforeAll(async () => {
  pageDir = await mkdtemp(join(tmpdir(), 'ganport-compressed-'));
  await mkdir(join(pageDir, 'assets'));
  await writeFile(join(pageDir, 'index.html'), '<!doctype html>');
  await writeFile(join(pageDir, 'assets/page-abc.js'), SCRIPT);
  await writeFile(join(pageDir, 'assets/picture-abc.png'), 'no script');
  const { generator } = await slowGenerator();
  server = await serveGenerator(generator, { port: 0, pageDir, graceMs: 0 });
});
afterAll(async () => {
  await server.close();
  await rm(pageDir, { recursive: true });
});

/** As it is sent: fetch would decode it. */
async function get(path: string, headers: Record<string, string> = {}) {
  const request = ask(new URL(path, server.url), { headers });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  const body = Buffer.concat((await answer.toArray()) as Buffer[]);
  return { status: answer.statusCode, headers: answer.headers, body };
}

test.each([
  ['br', 'br, gzip', brotliDecompressSync],
  ['br', 'gzip;q=0.5, br', brotliDecompressSync],
  ['gzip', 'gzip', gunzipSync],
  ['gzip', 'br;q=0, gzip', gunzipSync],
])('%s to who takes %s', async (encoding, accepted, decode) => {
  const { headers, body } = await get('assets/page-abc.js', { 'Accept-Encoding': accepted });
  expect(headers['content-encoding']).toBe(encoding);
  expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
  expect(headers.vary).toContain('Accept-Encoding');
  expect(headers['cache-control']).toContain('immutable');
  expect(decode(body).toString()).toBe(SCRIPT);
  const again = await get('assets/page-abc.js', {
    ...{ 'Accept-Encoding': accepted, 'If-None-Match': headers.etag! },
  });
  expect([again.status, again.body.length]).toEqual([304, 0]);
});

test('to who takes none, and in parts, it is as it is', async () => {
  const plain = await get('assets/page-abc.js');
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(plain.headers.vary).toContain('Accept-Encoding');
  expect(plain.body.toString()).toBe(SCRIPT);
  const part = await get('assets/page-abc.js', { 'Accept-Encoding': 'br', Range: 'bytes=0-5' });
  expect([part.status, part.body.toString()]).toEqual([206, SCRIPT.slice(0, 6)]);
  const picture = await get('assets/picture-abc.png', { 'Accept-Encoding': 'br' });
  expect(picture.headers['content-encoding']).toBeUndefined();
});

test.each(['assets/nothing.js', 'assets/..%2findex.js', 'ort/nothing.mjs', 'ort/..%2fx.js'])(
  '%s is a 404',
  async (path) => {
    const { status, body } = await get(path, { 'Accept-Encoding': 'br' });
    expect(status).toBe(404);
    expect(JSON.parse(body.toString()).error.code).toBe('not_found');
  },
);

test('the page’s runtime is less than half as large', async () => {
  const { headers, body } = await get('ort/ort.wasm.min.mjs', { 'Accept-Encoding': 'br' });
  expect(headers['content-encoding']).toBe('br');
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
  const file = await readFile(join(folder, 'ort.wasm.min.mjs'));
  expect(brotliDecompressSync(body)).toEqual(file);
  expect(body.length).toBeLessThan(file.length / 2);
});
