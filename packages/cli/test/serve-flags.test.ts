/** What `ganport serve` is told: a flag wins over a variable, a variable over the default, and both are checked. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from '../src/command.ts';
import { SERVE_FLAGS, servingOptions } from '../src/serve-flags.ts';
import { Workspace } from './workspace.ts';

const workspace = new Workspace();
afterAll(() => workspace.remove());
const sha256 = (text: string) => createHash('sha256').update(text).digest();
const KEY = 'a-key-that-is-long-enough';

test('defaults are those of the service', async () => {
  expect(await servingOptions({}, {})).toMatchObject({
    ...{ host: '127.0.0.1', port: 3000, maxQueue: 512, deadlineMs: 30_000, graceMs: 10_000 },
    ...{ logLevel: 'info', apiKeys: undefined, admin: undefined, threads: undefined },
  });
  expect(await servingOptions({}, {})).not.toHaveProperty('allowedHosts');
});

test.each<[object, Record<string, string>, object]>([
  [{}, { PORT: '8080', HOST: '0.0.0.0' }, { port: 8080, host: '0.0.0.0' }],
  [{}, { PORT: '8080', GANPORT_PORT: '9090' }, { port: 9090 }],
  [{ port: 7070 }, { PORT: '8080', GANPORT_PORT: '9090' }, { port: 7070 }],
  [{}, { GANPORT_PORT: '' }, { port: 3000 }],
  [{}, { GANPORT_MAX_QUEUE: '8', GANPORT_DEADLINE: '1.5' }, { maxQueue: 8, deadlineMs: 1500 }],
  [{}, { GANPORT_POLL: '0', GANPORT_THREADS: '2' }, { pollMs: 0, threads: 2 }],
  [
    {},
    { GANPORT_CORS_ORIGINS: 'https://a.example, https://b.example:8443' },
    { corsOrigins: ['https://a.example', 'https://b.example:8443'] },
  ],
  [{}, { GANPORT_ALLOWED_HOSTS: 'draw.example' }, { allowedHosts: ['draw.example'] }],
  [{}, { GANPORT_TRUST_PROXY: '1' }, { trustProxy: 1 }],
  [{}, { GANPORT_TRUST_PROXY: 'loopback, 10.0.0.0/8' }, { trustProxy: 'loopback, 10.0.0.0/8' }],
  [{}, { GANPORT_LOG_LEVEL: 'debug' }, { logLevel: 'debug' }],
  [{}, { GANPORT_MAX_CONNECTIONS: '9' }, { limits: { maxConnections: 9, maxPerAddress: 5 } }],
])('%o, %o', async (typed, env, expected) => {
  expect(await servingOptions(typed, env)).toMatchObject(expected);
});

test.each<[Record<string, string>, string]>([
  [{ GANPORT_PORT: '65536' }, 'GANPORT_PORT: expected an integer from 0 to 65535, got "65536"'],
  [{ PORT: 'http' }, 'PORT: expected an integer from 0 to 65535, got "http"'],
  [{ GANPORT_MAX_SHARE: '0' }, 'GANPORT_MAX_SHARE: expected a number from 0.001 to 1, got "0"'],
  [{ GANPORT_DEVICE: 'tpu' }, 'GANPORT_DEVICE is "tpu", expected one of auto, cpu, webgpu, cuda'],
  [{ GANPORT_LOG_LEVEL: 'loud' }, 'GANPORT_LOG_LEVEL is "loud", expected one of silent, error'],
  [{ GANPORT_CORS_ORIGINS: 'a.example' }, 'GANPORT_CORS_ORIGINS: expected an origin such as'],
  [{ GANPORT_CORS_ORIGINS: 'https://a.example/b' }, 'or *, got "https://a.example/b"'],
  [{ GANPORT_FRAME_ANCESTORS: 'self' }, `expected an origin such as https://example.org, 'self'`],
  [{ GANPORT_ALLOWED_HOSTS: 'a.example:80' }, 'such as draw.example.org, without a port'],
  [{ GANPORT_API_KEYS: 'short' }, 'GANPORT_API_KEYS, line 1: expected a key of at least 16'],
  [{ GANPORT_TRUST_PROXY: 'evil' }, 'GANPORT_TRUST_PROXY: expected how many proxies there are, or'],
  [{ GANPORT_TRUST_PROXY: '10.0.0.0/33' }, 'loopback; got "10.0.0.0/33"'],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'nonsense' },
    'OTEL_EXPORTER_OTLP_ENDPOINT: expected an address such as http://localhost:4318, got "nonsense"',
  ],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'a:b' }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: expected'],
  [{ GANPORT_ADMIN_PORT: '0' }, '--admin-port: expected a token to show there'],
])('%o is wrong usage', async (env, message) => {
  await expect(servingOptions({}, env)).rejects.toThrow(message);
  await expect(servingOptions({}, env)).rejects.toThrow(UsageError);
});

test('keys and the token are in files, or in variables', async () => {
  const file = workspace.write('keys', `lab:${KEY}\n# nothing\n${KEY}2\n`);
  const env = { GANPORT_API_KEYS: `${KEY}3,app:${KEY}4`, GANPORT_ADMIN_TOKEN: `${KEY}5` };
  expect(await servingOptions({ 'admin-port': 0 }, env)).toMatchObject({
    apiKeys: [{ name: 'key-1', sha256: sha256(`${KEY}3`) }, { name: 'app' }],
    admin: { port: 0, token: { sha256: sha256(`${KEY}5`) } },
  });
  const typed = { 'api-key-file': file, 'admin-port': 0, 'admin-token-file': file };
  expect(await servingOptions(typed, env)).toMatchObject({
    apiKeys: [
      { name: 'lab', sha256: sha256(KEY) },
      { name: 'key-2', sha256: sha256(`${KEY}2`) },
    ],
    admin: { token: { sha256: sha256(KEY) } },
  });
  const missing = workspace.path('nothing');
  await expect(servingOptions({ 'api-key-file': missing }, {})).rejects.toThrow(
    `cannot read ${missing}: no such file or folder: check the path (ENOENT)`,
  );
});

test('files of keys are regular ones of at most 1 MiB', async () => {
  const pipe = workspace.path('pipe');
  execFileSync('mkfifo', [pipe]);
  const large = workspace.write('large', '#'.repeat(2 ** 20 + 1));
  for (const [file, message] of [
    [pipe, 'expected a regular file, got a named pipe'],
    ['/dev/zero', 'expected a regular file, got a device'],
    [workspace.path('.'), 'expected a regular file, got a folder'],
    [large, 'expected at most 1048576 bytes, got 1048577'],
  ] as const) {
    const admin = { 'admin-port': 0, 'admin-token-file': file };
    await expect(servingOptions({ 'api-key-file': file }, {})).rejects.toThrow(message);
    await expect(servingOptions(admin, {})).rejects.toThrow(message);
  }
});

test('the help names each variable', () => {
  for (const [name, { describe }] of Object.entries(SERVE_FLAGS)) {
    expect(describe).toContain(`[GANPORT_${name.toUpperCase().replaceAll('-', '_')}`);
  }
});
