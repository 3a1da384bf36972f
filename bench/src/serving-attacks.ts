/**
 * `bench serve-attacks`: what clients do that want too much, or leave. After each of them somebody asks for a picture: when it
 * comes, and what the process has weighed at most by then.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openConnection } from './http-connection.ts';
import { formatTable } from './report.ts';
import type { Load, Measured } from './serving-load.ts';
import { type ServingProcesses, tell, withServing } from './serving-processes.ts';
import type { Order, Ports } from './serving-server.ts';

/** What the service is held to. */
const MOST_MS = 100;
const MOST_BYTES = 400 * 2 ** 20;

const PIPELINED_BYTES = 2 ** 19;
/** Clients that abandon their requests, or never read. */
const CLIENTS = 64;
/** The address of who asks for the next picture: what one has of the queue, and of connections, is bounded. */
const OTHER = '127.0.0.2';
const PROBE_SECONDS = 3;
const PROBE_MS = 20;
const OVERLOAD_SECONDS = 5;
/** The sizes of an overload: pictures a request, clients of the closed loop that tells what the service can do, and how many times that. */
const [COUNT, CLOSED_CLIENTS, TIMES] = [8, 16, 4];

export interface Attack {
  readonly name: string;
  /** Milliseconds until the next picture of another client came. */
  readonly nextMs: number;
  /** Of health checks meanwhile, the 99th percentile; 0 where none were made. */
  readonly healthMs: number;
  /** The most the process was resident so far, with the attacks before. */
  readonly peakBytes: number;
}

/** @returns milliseconds of health checks, where they were asked for */
type Attacker = (port: number, processes: ServingProcesses) => Promise<number>;

const ATTACKERS: Readonly<Record<string, Attacker>> = {
  'nobody, to compare with': async () => 0,
  'half a megabyte of pipelined requests': pipelined,
  'requests that are abandoned': abandoned,
  'answers that nobody reads': unread,
  'four times what it can do': overloaded,
};

export async function benchServingAttacks({
  onProgress,
}: {
  readonly onProgress: (line: string) => void;
}): Promise<readonly Attack[]> {
  const attacks: Attack[] = [];
  const attackAll = (attackers: typeof ATTACKERS) => async (processes: ServingProcesses) => {
    const { file, server } = processes;
    const { service } = await tell<Ports>(server, { type: 'serve', file } satisfies Order);
    for (const [name, attack] of Object.entries(attackers)) {
      const healthMs = await attack(service, processes);
      const nextMs = await nextPicture(service);
      const peakBytes = await tell<number>(server, { type: 'peak' } satisfies Order);
      attacks.push({ name, nextMs, healthMs, peakBytes });
      onProgress(`${name}: the next picture after ${nextMs.toFixed(0)} ms`);
      await sleep(PROBE_SECONDS * 1000);
    }
  };
  await withServing(attackAll(ATTACKERS));
  await withServing(attackAll({ 'a dcgan of 64 × 64, 64 pictures at a time': large }), 'dcgan');
  return attacks;
}

/** Of a seed that nobody asked for before; one that is refused asks again. */
async function nextPicture(port: number): Promise<number> {
  const began = performance.now();
  const connection = await openConnection(port, OTHER);
  const seed = Math.floor(Math.random() * 2 ** 40);
  while ((await connection.ask(get(`/v1/images/${seed}/0.png`))) !== 200) await sleep(1);
  connection.close();
  return performance.now() - began;
}

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

/** Each asks for pictures of its own. */
function requestOf(i: number, count: number): string {
  return get(`/v1/images/${1000 + i}?count=${count}&format=raw`);
}

/** A connection that does what an attacker says; what becomes of it is nothing to him. */
function attacker(port: number): Socket {
  return connect(port, '127.0.0.1').on('error', () => {});
}

async function pipelined(port: number): Promise<number> {
  const socket = attacker(port);
  let requests = '';
  for (let i = 0; requests.length < PIPELINED_BYTES; i += 1) requests += requestOf(i, COUNT);
  socket.write(requests);
  await sleep(PROBE_MS);
  setTimeout(() => socket.destroy(), PROBE_SECONDS * 1000);
  return 0;
}

async function abandoned(port: number): Promise<number> {
  const sockets = Array.from({ length: CLIENTS }, () => attacker(port));
  for (const [i, socket] of sockets.entries()) socket.write(requestOf(i, 256));
  await sleep(PROBE_MS);
  for (const socket of sockets) socket.destroy();
  return 0;
}

async function unread(port: number): Promise<number> {
  const sockets = Array.from({ length: CLIENTS }, () => attacker(port));
  const streamed = JSON.stringify({ seed: 1, count: 2 ** 20, format: 'raw', stream: true });
  const head = `Content-Type: application/json\r\nContent-Length: ${streamed.length}`;
  for (const [i, socket] of sockets.entries()) {
    socket.pause();
    socket.write(
      i % 2
        ? requestOf(i, 256)
        : `POST /v1/sample HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n${streamed}`,
    );
  }
  await sleep(1000);
  setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, PROBE_SECONDS * 1000);
  return 0;
}

async function overloaded(port: number, { load }: ServingProcesses): Promise<number> {
  const asked = { count: COUNT, format: 'raw' } as const;
  const closed: Load = { port, asked, seconds: 2, clients: CLOSED_CLIENTS };
  const { answers, seconds } = await tell<Measured>(load, closed);
  const rate = (TIMES * (answers[200] ?? 0)) / seconds;
  const open: Load = { port, asked, seconds: OVERLOAD_SECONDS, rate };
  return (await tell<Measured>(load, open)).healthP99;
}

/** One client draws on, and others ask whether the process lives. */
async function large(port: number): Promise<number> {
  const [drawing, asking] = [await openConnection(port), await openConnection(port)];
  const end = performance.now() + PROBE_SECONDS * 1000;
  let done = false;
  const drawn = (async () => {
    for (let i = 0; performance.now() < end; i += 1) await drawing.ask(requestOf(i, 64));
    done = true;
  })();
  const took: number[] = [];
  while (!done) {
    const began = performance.now();
    await asking.ask(get('/livez'));
    took.push(performance.now() - began);
    await sleep(PROBE_MS);
  }
  await drawn;
  // The next picture is asked for while another lot is drawn.
  void drawing.ask(requestOf(1e6, 64)).then(drawing.close, drawing.close);
  asking.close();
  return took.toSorted((a, b) => a - b)[Math.floor(0.99 * (took.length - 1))]!;
}

export function formatServingAttacks(attacks: readonly Attack[]): string {
  const rows = attacks.map(({ name, nextMs, healthMs, peakBytes }) => [
    name,
    nextMs.toFixed(0),
    healthMs > 0 ? healthMs.toFixed(1) : '–',
    (peakBytes / 2 ** 20).toFixed(0),
    nextMs <= MOST_MS && peakBytes <= MOST_BYTES ? 'yes' : 'no',
  ]);
  const header = ['', 'next picture, ms', 'health p99, ms', 'peak so far, MiB', 'held'];
  const about = `held: the next picture within ${MOST_MS} ms, and the process under ${MOST_BYTES / 2 ** 20} MiB`;
  return `${['', ...formatTable([header, ...rows]), about].join('\n')}\n`;
}
