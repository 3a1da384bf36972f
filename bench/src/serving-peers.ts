/** Services of others that draw with the same file: their Python environment, and their processes. */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Environment, prepareEnvironment } from './python-environment.ts';

export interface Peer {
  readonly name: string;
  readonly port: number;
  /** It works only while the task runs. @returns what it gave, and the seconds of CPU that it took */
  turn<T>(task: () => Promise<T>): Promise<Turn<T>>;
  /** Ends its processes. */
  end(): Promise<void>;
}

export interface Turn<T> {
  readonly result: T;
  readonly cpuSeconds: number;
}

export const PEERS = ['FastAPI', 'LitServe'] as const;

const ENVIRONMENT: Environment = {
  ...{ name: 'peers', folder: 'peers', size: 'about 100 MB' },
  packages: ['fastapi', 'uvicorn[standard]', 'litserve', 'onnxruntime', 'pillow', 'numpy'],
  modules: ['fastapi', 'uvicorn', 'litserve', 'onnxruntime', 'PIL', 'numpy'],
};

const DESCRIBE = `
from importlib.metadata import version
from platform import python_version
names = 'fastapi', 'uvicorn', 'litserve', 'onnxruntime', 'pillow'
print('Python', python_version(), *(f'{name} {version(name)}' for name in names), sep=', ')
`;

const START_MS = 60_000;
const LOOK_MS = 100;

/** As `prepareEnvironment`. @returns the Python, and what is in it, in words */
export async function preparePeers(
  onProgress: (line: string) => void,
  options?: { folder: string; python: string },
): Promise<{ python: string; description: string }> {
  const python = await prepareEnvironment(ENVIRONMENT, onProgress, options);
  const { stdout } = await promisify(execFile)(python, ['-c', DESCRIBE]);
  return { python, description: stdout.trim().replace(', ', ' ') };
}

/**
 * Starts one, with as many threads as there are cores, and waits until it answers. Whoever starts it ends it.
 * @throws Error in one line if it does not, with its last words
 */
export async function startPeer(
  name: (typeof PEERS)[number],
  { python, file }: { python: string; file: string },
): Promise<Peer> {
  const port = await freePort();
  const [turns, program] = ['turns.py', `${name.toLowerCase()}_service.py`].map((script) =>
    fileURLToPath(new URL(`../peers/${script}`, import.meta.url)),
  );
  const args = [turns!, program!, file, String(port), String(availableParallelism())];
  const child = spawn(python, args);
  let lastWords = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.trim()) lastWords = line.trim();
  });
  const lines = createInterface({ input: child.stdout });
  // A broken pipe is followed by the end of the process.
  child.stdin.on('error', () => {});

  /** @returns seconds of CPU so far */
  async function tell(word: 'go' | 'stop'): Promise<number> {
    child.stdin.write(`${word}\n`);
    return Number(await nextLine(lines, child));
  }
  async function end(): Promise<void> {
    if (hasEnded(child)) return;
    const closed = once(child, 'close');
    child.stdin.end();
    await closed;
  }

  try {
    await untilAnswer(port, child);
    await tell('stop');
  } catch (error) {
    await end();
    throw new Error(`${name}: ${lastWords || (error as Error).message}`);
  }
  return {
    ...{ name, port, end },
    async turn(task) {
      const before = await tell('go');
      let after = before;
      const result = await task().finally(async () => {
        after = await tell('stop');
      });
      return { result, cpuSeconds: after - before };
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcessWithoutNullStreams): boolean {
  return exitCode !== null || signalCode !== null;
}

async function nextLine(
  lines: ReturnType<typeof createInterface>,
  child: ChildProcessWithoutNullStreams,
): Promise<string> {
  const answered = new AbortController();
  const { signal } = answered;
  const ended = once(child, 'close', { signal }).then(() => {
    throw new Error('its process ended');
  });
  try {
    const [line] = await Promise.race([once(lines, 'line', { signal }), ended]);
    return line;
  } finally {
    answered.abort();
  }
}

/** @throws Error if it ends, or takes too long */
async function untilAnswer(port: number, child: ChildProcessWithoutNullStreams): Promise<void> {
  const end = performance.now() + START_MS;
  while (performance.now() < end) {
    if (hasEnded(child)) throw new Error(`its process ended with exit code ${child.exitCode}`);
    const status = await statusOf(port);
    if (status === 200) return;
    if (status !== undefined) throw new Error(`it answered ${status}`);
    await sleep(LOOK_MS);
  }
  throw new Error(`it did not answer within ${START_MS / 1000} s`);
}

/** Of an answer; undefined where nobody listens. */
async function statusOf(port: number): Promise<number | undefined> {
  try {
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ seed: 0, count: 1, format: 'raw' });
    const url = `http://127.0.0.1:${port}/v1/sample`;
    const response = await fetch(url, { method: 'POST', headers, body });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return undefined;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
