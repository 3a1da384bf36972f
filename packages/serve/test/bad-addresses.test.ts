/** Addresses and methods that nothing answers to, and what is not HTTP: JSON that says what is wrong. */
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildGenerator, writeTemporary } from '../../sample/test/fixture.ts';
import { type RunningServer, startServer } from '../src/index.ts';
import { errorOf } from './error-of.ts';
import { makePageFolder } from './page-folder.ts';

const file = await writeTemporary(buildGenerator().model);
const page = await makePageFolder();
const pageDir = page.path;
let server: RunningServer;

/**
 * Made before there is a server: strings of any unit take seconds to set up on a busy machine, in which
 * the server closes connections that fetch would use again.
 */
const ANY_TEXT = fc.oneof(
  fc.oneof(fc.maxSafeNat(), fc.bigInt(), fc.double()).map(String),
  fc.string({ unit: 'binary' }),
  fc.string(),
);

beforeAll(async () => {
  server = await startServer({ model: file.path, port: 0, pageDir });
});
afterAll(async () => {
  await server.close();
  await file.remove();
  await page.remove();
});

const get = (path: string, init?: RequestInit) => fetch(new URL(path, server.url), init);

test.each([
  ['/v1/images/abc/1.png', 'seed: expected a whole number from 0 to 9007199254740991, got "abc"'],
  ['/v1/images/9007199254740992/1.png', 'seed: expected a whole number'],
  ['/v1/images/1/4294967296.png', 'index: expected a whole number from 0 to 4294967295'],
  ['/v1/images/-1/1.png', 'seed: expected a whole number'],
  ['/v1/images/1e3/1.png', 'seed: expected a whole number'],
  ['/v1/images/0007/0.png', 'seed: expected no zeros in front, got "0007"'],
  ['/v1/images/7/00.png', 'index: expected no zeros in front, got "00"'],
  ['/v1/images/7?count=012', 'count: expected no zeros in front, got "012"'],
  [
    '/v1/images/1/1.png?seed=8',
    'seed: at this address a query has no such name, but class, code, truncation, model',
  ],
  ['/v1/images/1/1.png?index=1', 'index: at this address'],
  ['/v1/images/1/1.png?format=raw', 'format: at this address'],
  ['/v1/images/1/1.png?class=3', 'class: this generator was trained without classes'],
  ['/v1/images/1/1.png?code=digit=3', 'this generator was trained without codes'],
  ['/v1/images/1?code=digit', 'code: expected names and numbers, such as digit=3,slant=-1.5'],
  ['/v1/images/1?code=a=1,a=2', 'code: expected each name once, got "a=1,a=2"'],
  ['/v1/images/1?truncation=0', 'truncation: expected a number from 0.000001 to 6, got "0"'],
  ['/v1/images/1?truncation=-1', 'truncation: expected'],
  ['/v1/images/1/1.png?truncation=NaN', 'truncation: expected'],
  ['/v1/images/1/1.png?truncation=1e9', 'truncation: expected'],
  ['/v1/images/1/1.png?t=1&count=2', 'count: at this address'],
  ['/v1/images/1?seed=1', 'seed: at this address a query has no such name, but start, count, '],
  ['/v1/images/1?index=3', 'index: at this address'],
  ['/v1/images/1?count=0', 'count: expected a whole number from 1 to 256, got "0"'],
  ['/v1/images/1?count=1&count=2', 'count: expected a whole number from 1 to 256, got a list of 2'],
  ['/v1/images/1?format=gif', 'format: expected png, json or raw, got "gif"'],
  ['/v1/images/1?start=4294967295&count=2', 'start + count: expected at most 4294967296'],
  ['/v1/images/%E0%A4%A/1.png', ''],
])('%s is a 400 that says what is wrong', async (path, message) => {
  const response = await get(path);
  expect(response.status).toBe(400);
  const error = await errorOf(response);
  expect(error.code).toBe('bad_request');
  expect(error.message).toContain(message);
});

test.each([
  ['/nothing', {}, 404, 'not_found'],
  ['/v1/images', {}, 404, 'not_found'],
  ['/v1/images/1/1.png/', {}, 404, 'not_found'],
  ['/v1/images/1/1.PNG', {}, 404, 'not_found'],
  ['/v1/Images/1/1.png', {}, 404, 'not_found'],
  ['/v1/images/1/', {}, 404, 'not_found'],
  ['/V1/health', {}, 404, 'not_found'],
  ['/v1/model/', {}, 404, 'not_found'],
  ['/ort/ort.all.min.mjs', {}, 404, 'not_found'],
  ['/ort/../package.json', {}, 404, 'not_found'],
  ['/%2e%2e/%2e%2e/etc/passwd', {}, 404, 'not_found'],
  ['/assets/..%2f..%2f..%2fetc%2fpasswd', {}, 404, 'not_found'],
  ['/.git/config', {}, 404, 'not_found'],
  ['/assets', {}, 404, 'not_found'],
  ['/v1/health', { method: 'POST' }, 405, 'method_not_allowed'],
  ['/v1/images/1/1.png', { method: 'DELETE' }, 405, 'method_not_allowed'],
  ['/', { method: 'PUT', body: 'x' }, 405, 'method_not_allowed'],
])('%s %o is a JSON %i', async (path, init, status, code) => {
  const response = await get(path, init);
  expect(response.status).toBe(status);
  expect((await errorOf(response)).code).toBe(code);
});

test('a body, which no request needs, is a 413', async () => {
  const answer = await speak(
    'GET /v1/health HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"a": 10}',
  );
  expect(answer).toMatch(/^HTTP\/1.1 413 .*"code":"payload_too_large"/s);
});

test('what is not HTTP is answered with JSON all the same', async () => {
  expect(await speak('HELO mail.example\r\n\r\n')).toMatch(
    /^HTTP\/1.1 400 .*application\/json.*"code":"bad_request"/s,
  );
});

test('any text for a seed and an index gives a picture or a JSON error', async () => {
  await fc.assert(
    fc.asyncProperty(ANY_TEXT, ANY_TEXT, async (seed, index) => {
      const [first, second] = [seed, index].map((part) => encodeURIComponent(part));
      const response = await get(`/v1/images/${first}/${second}.png`);
      if (response.status === 200) {
        expect(seed).toMatch(/^\d+$/);
        expect(index).toMatch(/^\d+$/);
        await response.arrayBuffer();
      } else {
        expect([400, 404]).toContain(response.status);
        await errorOf(response);
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});

/** Sends bytes as they are, and gives all that comes back. */
async function speak(request: string): Promise<string> {
  const { port } = new URL(server.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(request);
  let answer = '';
  for await (const chunk of socket) {
    answer += chunk;
    if (answer.includes('}')) break;
  }
  return answer;
}
