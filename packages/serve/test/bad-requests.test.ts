/** Requests that are wrong in one way each: a 4xx that names what is wrong, in one line, with nothing of the server in it. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { buildGenerator, writeTemporary } from '../../sample/test/fixture.ts';
import { type RunningServer, startServer } from '../src/index.ts';

const file = await writeTemporary(buildGenerator({ latent: 4, height: 2, width: 2 }).model);
let server: RunningServer;
const complaints = vi.spyOn(console, 'error');
const warnings: Error[] = [];
const warned = (warning: Error) => warnings.push(warning);

beforeAll(async () => {
  complaints.mockClear();
  process.on('warning', warned);
  server = await startServer({ model: file.path, port: 0, pageDir: '/tmp' });
});
afterAll(async () => {
  await server.close();
  await file.remove();
  process.off('warning', warned);
  expect(complaints).not.toHaveBeenCalled();
  expect(warnings).toEqual([]);
});

/** The one line of an error, of any protocol. */
function lineOf(body: string): string {
  const { error } = JSON.parse(body);
  const line = typeof error === 'string' ? error : error.message;
  expect(line).toMatch(/^[^\n]+$/);
  expect(line).not.toMatch(/node_modules|\/tmp|\/work|\.[jt]s\b|\bat \w+ \(/);
  return line;
}

const POSTS: Record<string, [given: unknown, named: string][]> = {
  '/v1/sample': [
    ...[0, -1, 1e9, 1.5, '8', null, [], {}, true, 1e300].map((count): [unknown, string] => [
      { seed: 1, count },
      'count: expected a whole number from 1 to 1048576, got ',
    ]),
    ['{"seed":1,"count":1e400}', 'count: expected a whole number from 1 to 1048576, got Infinity'],
    ['{"seed":1,"count":NaN}', 'the body is not JSON'],
    [{ seed: 1, count: 257, format: 'raw' }, 'count: expected at most 256 pictures, got 257'],
    ...[2 ** 53, 1e300, -1, 0.5, '1', null].map((seed): [unknown, string] => [
      { seed },
      'seed: expected a whole number from 0 to 9007199254740991, got ',
    ]),
    [{}, 'seed is missing: expected one of seed and seeds'],
    [{ seed: 1, seeds: [1] }, 'seeds: expected one of seed and seeds'],
    [{ seeds: [1, -1] }, 'seeds.1: expected a whole number'],
    ...[0, -1, 1e-320, 6.1, '1'].map((truncation): [unknown, string] => [
      { seed: 1, truncation },
      'truncation: expected a number from 0.000001 to 6, got ',
    ]),
    [{ seed: 1, class: 'dog' }, 'class: this generator was trained without classes'],
    [{ seed: 1, class: 1.5 }, 'class: expected a class by its name or index, got 1.5'],
    [{ seed: 1, codes: { a: 'b' } }, 'codes.a: expected a number, got "b"'],
    [{ seed: 1, codes: { a: 1 } }, 'this generator was trained without codes'],
    [{ seed: 1, start: 2 ** 32 }, 'start: expected a whole number from 0 to 4294967295'],
    [{ seed: 1, format: 'gif' }, 'format: expected png, webp, grid, npy, raw or json, got "gif"'],
    [{ seed: 1, stream: 'yes' }, 'stream: expected true or false, got "yes"'],
    [{ seed: 1, stream: true, format: 'npy' }, 'format: a stream has png, webp or raw, got npy'],
    [{ seeds: [1, 2], stream: true, count: 2 ** 20 }, 'seeds × count: expected at most 1048576'],
    ['{"seed":1,"__proto__":{"count":2}}', '"__proto__"'],
    [{ seed: 1, constructor: 2 }, 'it takes no "constructor"'],
    [{ seed: 1, cout: 2 }, 'it takes no "cout"; did you mean "count"?'],
    [null, 'the body: expected an object, got null'],
    ['7', 'the body: expected an object, got 7'],
    ['[[1]]', 'the body: expected an object, got a list of 1'],
    ['', 'the body is not JSON'],
    ['{"seed":1', 'the body is not JSON'],
    ['['.repeat(100) + ']'.repeat(100), 'the body: expected JSON of at most 64 levels'],
    [new Uint8Array([0xff, 0xfe, 0x7b]), 'the body is not'],
  ],
  '/v2/models/fixture/infer': [
    [{}, 'inputs is missing: expected a list of 1 to 16 items'],
    [null, 'the body: expected an object, got null'],
    [{ inputs: [{ name: 'z', datatype: 'FP32', shape: [0, 4], data: [] }] }, 'inputs.0.shape.0: '],
    [{ inputs: [{ name: 'z', datatype: 'FP32', shape: [2, 4], data: [1] }] }, 'z: expected 8 numb'],
    [{ inputs: [{ name: 'z', datatype: 'INT8', shape: [1, 4], data: [1] }] }, 'z: expected FP32 ['],
    [{ inputs: [{ name: 'z', datatype: 'FP32', shape: [1, 4], data: ['a', 1, 2, 3] }] }, 'z: '],
    [{ inputs: [{ name: '__proto__', datatype: 'FP32', shape: [1, 4], data: [1] }] }, '__proto__'],
  ],
};

const posts = Object.entries(POSTS).flatMap(([path, rows]) =>
  rows.map(([given, named]) => [path, given, named] as const),
);
test.each(posts)('%s %j: %s', async (path, given, named) => {
  const raw = typeof given === 'string' || given instanceof Uint8Array;
  const response = await fetch(new URL(path, server.url), {
    method: 'POST',
    body: raw ? (given as BodyInit) : JSON.stringify(given),
    headers: { 'Content-Type': 'application/json' },
  });
  expect(response.status).toBe(400);
  expect(lineOf(await response.text())).toContain(named);
});

/** What is sent as it is, and the status and line of the answer. */
const RAW: [name: string, head: string, status: number, named: string][] = [
  ['two types', 'POST /v1/sample\nContent-Type: a\nContent-Type: b', 400, 'content-type: expected'],
  ['two hosts', 'GET /livez\nHost: b', 400, 'host: expected once'],
  ['two lengths', 'GET /livez\nContent-Length: 0\nContent-Length: 0', 400, ''],
  ['two ranges', 'GET /generator.onnx\nRange: bytes=0-1\nRange: bytes=2-3', 400, 'range: expected'],
  ['no type', 'POST /v1/sample\nContent-Length: 0', 415, 'Content-Type: application/json'],
  ['no body', 'POST /v1/sample', 400, 'expected a body'],
  [
    'a wrong type',
    'POST /v1/sample\nContent-Type: text/html\nContent-Length: 0',
    415,
    'Content-Type: application/json',
  ],
  [
    'another charset',
    'POST /v1/sample\nContent-Type: application/json; charset=latin1\nContent-Length: 0',
    415,
    'Content-Type: expected a charset of utf-8, got "latin1"',
  ],
  [
    'another encoding',
    'POST /v1/sample\nContent-Type: application/json\nContent-Encoding: x\nContent-Length: 0',
    415,
    'encoded',
  ],
  [
    'a body too large',
    'POST /v1/sample\nContent-Type: application/json\nContent-Length: 99999',
    413,
    'too large',
  ],
  [
    'a body too large in chunks',
    `POST /v1/sample\nTransfer-Encoding: chunked\n\n4fff\r\n${' '.repeat(0x4fff)}\r\n0\r\n\r\n`,
    413,
    'expected at most 16384 bytes',
  ],
  ...['gzip', 'deflate', 'br'].map((encoding): [string, string, number, string] => [
    `no ${encoding}`,
    `POST /v1/sample\nContent-Type: application/json\nContent-Encoding: ${encoding}\nContent-Length: 11\n\n{"seed": 1}`,
    400,
    `Content-Encoding: the body is not "${encoding}", as it says`,
  ]),
  ['a model beside the path', 'GET /v1/model?model=constructor', 400, 'model: at this address'],
  ['a seed of a file', 'GET /generator.onnx?__proto__=1&seed=1', 400, 'seed: at this address'],
  [
    'binary tensors cut short',
    'POST /v2/models/fixture/infer\nInference-Header-Content-Length: 9\nContent-Length: 3\n\n{}}',
    400,
    'Inference-Header-Content-Length: expected a length of at most 3, got "9"',
  ],
  ['a URL that is none', 'GET http://[x/', 400, 'expected an address that begins with /'],
  ['a port that is none', 'GET http://a:b/', 400, 'got "http://a:b/"'],
  ['another scheme', 'GET ftp://a/', 400, 'expected an address that begins with /'],
  ['a host for a tunnel', 'GET a:443', 400, 'not an HTTP request'],
  ['a whole URL', 'GET http://a/nothing', 404, 'there is nothing at "/nothing"'],
  ['the server itself', 'OPTIONS *', 405, 'expected GET or HEAD'],
  ['dots', 'GET /v2/models/%2e%2e', 404, 'there is no model ".."'],
  ['more dots', 'GET /%2e%2e/%2e%2e/etc/passwd', 404, 'there is nothing'],
  ['an object’s own name', 'GET /v2/models/__proto__', 404, 'there is no model "__proto__"'],
  ['a path that is not UTF-8', 'GET /v1/images/%E0%A4%A/1.png', 400, 'not well-formed'],
  ['a null', 'GET /docs/%00', 404, 'there is nothing'],
  ['a file with dots', 'GET /docs/..%2fpackage.json', 404, 'there is nothing'],
  ['a range of none', 'GET /docs/style.css\nRange: bytes=99999999-', 416, 'no bytes in this'],
  ['another file', 'GET /docs/style.css\nIf-Match: "a"', 412, 'If-Match'],
  ['no such file', 'GET /docs/index.html', 404, 'there is nothing'],
  ['an expectation', 'GET /livez\nExpect: fish', 417, 'expect: expected 100-continue, got "fish"'],
  ['a method of none', 'PATCH /v1/model', 405, 'expected GET or HEAD, got PATCH'],
];
test.each(RAW)('%s: %j is a %i', async (_, head, status, named) => {
  const [lines, body = ''] = head.split('\n\n');
  const [first, ...headers] = lines!.split('\n');
  const text = [`${first} HTTP/1.1`, 'Host: a', ...headers, 'Connection: close', '', body];
  const answer = await speak(text.join('\r\n'));
  const [, got, answered] = /^HTTP\/1\.1 (\d+).*?\r\n\r\n(.*)$/s.exec(answer) ?? [];
  expect(got, answer).toBe(String(status));
  expect(answer).toContain('Content-Type: application/json');
  expect(lineOf(answered!)).toContain(named);
});

test('a request without a host is a 400, but for one of HTTP/1.0', async () => {
  const [bare, old] = await Promise.all(
    ['1.1\r\nConnection: close', '1.0'].map((version) =>
      speak(`GET /livez HTTP/${version}\r\n\r\n`),
    ),
  );
  expect(bare).toMatch(/^HTTP\/1\.1 400 .*"host: expected one, got none"/s);
  expect(old).toMatch(/^HTTP\/1\.1 200 /);
});

test('also what never reaches the application has an identity', async () => {
  const answer = await speak('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nX-Request-Id: mine\r\n\r\n');
  expect(answer).toMatch(/\r\nX-Request-Id: mine\r\n.*"request_id":"mine"/s);
});

test('a body without an end is refused as soon as it is too large', async () => {
  const head = 'POST /v1/sample HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  const began = performance.now();
  const answer = await speak(`${head}4fff\r\n${' '.repeat(0x4fff)}\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 413 .*\r\nConnection: close\r\n/s);
  // A request has 30 s.
  expect(performance.now() - began).toBeLessThan(5000);
});

/** Sends bytes as they are, and gives all that comes back. */
async function speak(request: string): Promise<string> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.write(request);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}
