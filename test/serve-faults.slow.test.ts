/** What goes wrong around a service: signals, a killed process, bad files, full disks, no more descriptors. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';
import { Workspace } from '../packages/cli/test/workspace.ts';
import { buildGenerator } from '../packages/sample/test/fixture.ts';
import { type RunningCommand, startCommand } from './cli-process.ts';

const MAIN = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url));
const PICTURE = 'v1/images/42/0.png';
const TOKEN = 'the-token-of-operators';
const workspace = new Workspace();
const { folder } = workspace;
const running: RunningCommand[] = [];
afterEach(async () => {
  for (const command of running.splice(0)) {
    command.kill('SIGKILL');
    await command.exit;
  }
});
afterAll(() => workspace.remove());

const generator = (side: number) => buildGenerator({ latent: 4, height: side, width: side }).model;

/** Whole, under another name first. */
function put(path: string, bytes: Uint8Array | string): void {
  const file = workspace.path(path);
  mkdirSync(file.slice(0, file.lastIndexOf('/')), { recursive: true });
  writeFileSync(`${file}.tmp`, bytes);
  renameSync(`${file}.tmp`, file);
}
put('digits/1/model.onnx', generator(4));
put('faces/1/model.onnx', generator(5));
put('large/1/model.onnx', generator(256));

/** Serves them, until the test ends. */
async function serve(args: readonly string[] = [], before: readonly string[] = []) {
  const line = ['serve', 'digits', 'faces', 'large', '--port', '0', '--device', 'cpu', ...args];
  const command = startCommand(line, folder, before);
  running.push(command);
  const [, url] = await command.printed(/Open (http:\S+) /);
  const get = (path: string, init?: RequestInit) => fetch(new URL(path, url), init);
  return { command, url: url!, get };
}

test('SIGTERM under load: what was accepted is answered, and it ends with 0', async () => {
  const admin = ['--admin-port', '0', '--admin-token-file', workspace.write('token', TOKEN)];
  const { command, get } = await serve([...admin, '--log-level', 'silent']);
  const statuses = new Map<number | string, number>();
  const client = async (model: string) => {
    for (let seed = 0; ; seed += 1) {
      const asked = get(`models/${model}/v1/images/${seed}?count=16&format=raw`);
      const status = await asked.then(
        async (response) => {
          await response.bytes();
          return response.status;
        },
        ({ cause }) => String(cause?.code),
      );
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status !== 200) return;
    }
  };
  const clients = Array.from({ length: 12 }, (_, i) => client(i % 2 ? 'digits' : 'faces'));
  while ((statuses.get(200) ?? 0) < 24) await setTimeout(10);
  command.kill('SIGTERM');
  await Promise.all(clients);
  expect(await command.exit).toMatchObject({ code: 0 });
  // Refused, or nobody listens any longer: never reset under an answer.
  const known = new Set<number | string>([200, 503, 'ECONNREFUSED']);
  expect([...statuses.keys()].filter((status) => !known.has(status))).toEqual([]);
});

test('a service that starts takes SIGHUP for a look to come, and ends with 0 at SIGTERM', async () => {
  const port = String(await freePort());
  // Enough to be loading still as it is told.
  const models = Array.from({ length: 40 }, (_, i) => `m${i}=digits`);
  const args = ['serve', ...models, '--port', port, '--device', 'cpu', '--log-level', 'silent'];
  const command = startCommand(args, folder);
  running.push(command);
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}/${path}`).catch(() => undefined);
  while (!(await ask('livez'))) await setTimeout(10);
  command.kill('SIGHUP');
  expect((await ask('startupz'))!.status).toBe(503);
  const began = performance.now();
  command.kill('SIGTERM');
  const { code, stdout } = await command.exit;
  expect([code, stdout]).toEqual([0, 'Stopped before it served.\n']);
  // A second at most on an idle machine.
  expect(performance.now() - began).toBeLessThan(5000);
});

test('a second signal ends it at once, whatever it waits for', async () => {
  const { command, url, get } = await serve(['--grace', '60', '--log-level', 'silent']);
  const socket = await hold(
    url,
    'GET /models/large/v1/images/1?count=256&format=raw HTTP/1.1\r\nHost: a\r\n',
  );
  const inside = async () => (await get('metrics')).text();
  while (!(await inside()).includes('ganport_inside_pictures 256')) await setTimeout(10);
  command.kill('SIGTERM');
  await setTimeout(500);
  const began = performance.now();
  command.kill('SIGTERM');
  expect((await command.exit).code).toBe(143);
  expect(performance.now() - began).toBeLessThan(2000);
  socket.destroy();
});

test('killed behind a supervisor, it serves the same pictures again', async () => {
  const port = String(await freePort());
  const line = `while :; do "$0" ${MAIN} serve digits --port ${port} --device cpu & echo "child $!"; wait $!; done`;
  const supervisor = spawn('sh', ['-c', line, process.execPath], {
    ...{ cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'ignore'] },
  });
  try {
    let told = '';
    supervisor.stdout!.on('data', (chunk) => {
      told += chunk;
    });
    const opened = async (count: number) => {
      while ((told.match(/Open /g) ?? []).length < count) await setTimeout(20);
    };
    const draw = async () => (await fetch(`http://127.0.0.1:${port}/${PICTURE}`)).bytes();
    await opened(1);
    const before = await draw();
    const pids = () => [...told.matchAll(/child (\d+)/g)].map(([, pid]) => Number(pid));
    process.kill(pids()[0]!, 'SIGKILL');
    await opened(2);
    expect(await draw()).toEqual(before);
    expect(pids()).toHaveLength(2);
  } finally {
    process.kill(-supervisor.pid!, 'SIGKILL');
  }
});

test('a model that is swapped for garbage leaves the old one serving, also through SIGHUP', async () => {
  const { command, get } = await serve(['--poll', '0.1']);
  const before = await (await get(PICTURE)).bytes();
  put('digits/1/model.onnx', 'garbage');
  await command.printed(/"model":"digits".*"reason":.*,"msg":"model refused"/);
  command.kill('SIGHUP');
  await command.printed(/model refused[\s\S]*model refused/);
  expect(await (await get(PICTURE)).bytes()).toEqual(before);
  rmSync(workspace.path('digits'), { recursive: true });
  await setTimeout(300);
  expect((await get(PICTURE)).status).toBe(200);
  put('digits/1/model.onnx', generator(6));
  await command.printed(/"model":"digits"[^\n]*"msg":"model closed"/);
  expect(await (await get(PICTURE)).bytes()).not.toEqual(before);
  put('digits/1/model.onnx', generator(4));
});

test.skipIf(process.platform !== 'linux')(
  'a full disk under its log costs no picture',
  async () => {
    const { command, get } = await serve([], ['sh', '-c', 'exec "$@" 2>/dev/full', 'sh']);
    for (let i = 0; i < 50; i += 1) expect((await get(`v1/images/1/${i}.png`)).status).toBe(200);
    command.kill('SIGTERM');
    expect((await command.exit).code).toBe(0);
  },
);

test.skipIf(process.platform !== 'linux')(
  'without descriptors it turns connections away, and goes on when there are some again',
  async () => {
    const limited = ['prlimit', '--nofile=160:160'];
    const { command, url, get } = await serve(['--log-level', 'silent'], limited);
    const held: Socket[] = [];
    for (let i = 0; i < 300; i += 1) held.push(await hold(url, ''));
    await setTimeout(300);
    const during = await get(PICTURE, { signal: AbortSignal.timeout(2000) }).then(
      ({ status }) => status,
      () => 0,
    );
    expect([0, 200, 503]).toContain(during);
    for (const socket of held) socket.destroy();
    let after = 0;
    for (let i = 0; i < 100 && after !== 200; i += 1) {
      after = await get('v1/images/7/7.png').then(
        ({ status }) => status,
        () => 0,
      );
      await setTimeout(50);
    }
    expect(after).toBe(200);
    command.kill('SIGTERM');
    expect((await command.exit).code).toBe(0);
  },
);

/** Connects, and sends what is to be held. */
async function hold(url: string, head: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  if (head !== '') socket.pause().write(`${head}\r\n`);
  return socket;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
