/**
 * `bench serve-peers`: the service beside FastAPI with onnxruntime and LitServe, which draw with the same file and answer the
 * same requests. All take turns, and who has none stands still. What a picture costs in CPU time differs less than rates do
 * where a machine is shared.
 */
import sharp from 'sharp';
import { medianRatio, type Summary, summarize } from './interleave.ts';
import { formatTable } from './report.ts';
import type { Load, Measured } from './serving-load.ts';
import { PEERS, type Peer, preparePeers, startPeer, type Turn } from './serving-peers.ts';
import { tell, withServing } from './serving-processes.ts';
import type { Order, Ports } from './serving-server.ts';

const CLIENTS = [1, 16] as const;
const SECONDS = 1;
const MAX_PICTURES = 64;
const SHAPES = [1, 8, MAX_PICTURES].flatMap((count) =>
  (['raw', 'png'] as const).map((format) => ({ count, format })),
);

export interface ServingBesideOptions {
  readonly rounds: number;
  readonly onProgress: (line: string) => void;
}

export interface ServingBeside {
  /** What the peers are made of; why there are none, or why one is not there. */
  readonly notes: readonly string[];
  readonly points: readonly {
    readonly clients: number;
    readonly count: number;
    readonly format: 'raw' | 'png';
    readonly results: readonly Result[];
  }[];
}

interface Result {
  readonly name: string;
  /** Pictures a second, and a second of the CPU. */
  readonly rate: Summary;
  readonly perCpu: Summary;
  /** What ganport did in the same round as a multiple of it, the median: of pictures a second, and a second of the CPU. */
  readonly times: number;
  readonly timesPerCpu: number;
}

export async function benchServingBeside({
  rounds,
  onProgress,
}: ServingBesideOptions): Promise<ServingBeside> {
  const notes: string[] = [];
  const prepared = await preparePeers(onProgress).catch((error: Error) => {
    notes.push(`FastAPI and LitServe: ${error.message}`);
    return undefined;
  });
  if (!prepared) return { notes, points: [] };
  notes.push(`peers: ${prepared.description}`);
  onProgress('a generator of preset quick after one step');
  return withServing(async ({ file, server, load }) => {
    // They wait for what they asked for, as they do at the peers.
    const maxQueue = Math.max(...CLIENTS) * MAX_PICTURES;
    const order: Order = { type: 'serve', file, maxShare: 1, maxQueue };
    const { service } = await tell<Ports>(server, order);
    const peers: Peer[] = [];
    try {
      for (const name of PEERS) {
        onProgress(`starting ${name}`);
        try {
          const peer = await startPeer(name, { python: prepared.python, file });
          peers.push(peer);
          await peer.turn(() => expectSame(service, peer));
        } catch (error) {
          notes.push((error as Error).message);
        }
      }
      const cpuSeconds = () => tell<number>(server, { type: 'cpu' } satisfies Order);
      const ganport: Contender = {
        ...{ name: 'ganport', port: service },
        async turn(task) {
          const before = await cpuSeconds();
          const result = await task();
          return { result, cpuSeconds: (await cpuSeconds()) - before };
        },
      };
      const points: ServingBeside['points'][number][] = [];
      for (const clients of CLIENTS) {
        for (const shape of SHAPES) {
          onProgress(`${clients} clients, ${shape.count} ${shape.format}`);
          const ask = ({ port, turn }: Contender) => {
            const wanted: Load = { port, asked: shape, seconds: SECONDS, clients };
            return turn(() => tell<Measured>(load, wanted));
          };
          const results = await takeTurns([ganport, ...peers], rounds, shape.count, ask);
          points.push({ clients, ...shape, results });
        }
      }
      return { notes, points };
    } finally {
      await Promise.all(peers.map((peer) => peer.end()));
    }
  });
}

type Contender = Pick<Peer, 'name' | 'port' | 'turn'>;

/** @param count pictures of a request */
async function takeTurns(
  contenders: readonly Contender[],
  rounds: number,
  count: number,
  ask: (contender: Contender) => Promise<Turn<Measured>>,
): Promise<readonly Result[]> {
  const [rates, perCpu] = [contenders.map((): number[] => []), contenders.map((): number[] => [])];
  // The first round warms up.
  for (let round = -1; round < rounds; round += 1) {
    for (const [i, contender] of contenders.entries()) {
      const { result, cpuSeconds } = await ask(contender);
      const pictures = picturesOf(result, count);
      if (round < 0) continue;
      rates[i]!.push(pictures / result.seconds);
      perCpu[i]!.push(pictures / cpuSeconds);
    }
  }
  return contenders.map(({ name }, i) => ({
    ...{ name, rate: summarize(rates[i]!), perCpu: summarize(perCpu[i]!) },
    ...{
      times: medianRatio(rates[0]!, rates[i]!),
      timesPerCpu: medianRatio(perCpu[0]!, perCpu[i]!),
    },
  }));
}

/** @throws Error for answers that are no pictures */
function picturesOf({ answers }: Measured, count: number): number {
  const others = Object.keys(answers).filter((status) => status !== '200');
  if (others.length > 0) throw new Error(`a service answered ${others.join(', ')}`);
  return (answers[200] ?? 0) * count;
}

/** @throws Error if its answers have other sizes than the service's */
async function expectSame(service: number, { name, port }: Peer): Promise<void> {
  for (const [count, format] of [
    [3, 'raw'],
    [1, 'png'],
    [7, 'grid'],
  ] as const) {
    const [ours, theirs] = await Promise.all(
      [service, port].map((port) => sizeOf(port, count, format)),
    );
    if (ours !== theirs) {
      throw new Error(`${name}: expected ${count} ${format} to be ${ours}, got ${theirs}`);
    }
  }
}

/** Of an answer, in bytes or pixels. */
async function sizeOf(port: number, count: number, format: string): Promise<string> {
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ seed: 1, count, format });
  const url = `http://127.0.0.1:${port}/v1/sample`;
  const response = await fetch(url, { method: 'POST', headers, body });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (format === 'raw') return `${bytes.length} bytes`;
  const { width, height, channels } = await sharp(bytes).metadata();
  return `${width} × ${height} × ${channels}`;
}

export function formatServingBeside({ notes, points }: ServingBeside): string {
  const names = points[0]?.results.map(({ name }) => name) ?? [];
  const rows = points.map(({ clients, count, format, results }) => [
    `${clients} × ${count} ${format}`,
    ...results.map(
      ({ rate: { median, min, max } }) => `${whole(median)} (${whole(min)}–${whole(max)})`,
    ),
    ...results.slice(1).map(({ times }) => times.toFixed(2)),
    ...results.map(({ perCpu }) => whole(perCpu.median)),
    ...results.slice(1).map(({ timesPerCpu }) => timesPerCpu.toFixed(2)),
  ]);
  const ratios = names.slice(1).map((name) => `÷ ${name}`);
  const header = [
    ...['clients × pictures', ...names.map((name) => `${name}, /s`), ...ratios],
    ...[...names.map((name) => `${name}, /CPU s`), ...ratios],
  ];
  const about =
    'preset quick: pictures a second, and a second of the service’s CPU; ÷ is what ganport did as a multiple';
  const table = points.length > 0 ? [about, ...formatTable([header, ...rows])] : [];
  return `${['', ...table, ...notes].join('\n')}\n`;
}

function whole(value: number): string {
  return value.toFixed(0);
}
