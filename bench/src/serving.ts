/**
 * `bench serve`: the service against what its machine can do. A closed loop of clients against the lower of two
 * limits, what the sampler draws in the same process and how often an empty server of node:http answers; and an
 * open loop of arrivals at up to four times what the service can do. The load generator has its own process.
 */
import { type Summary, summarize } from './interleave.ts';
import { formatTable } from './report.ts';
import type { Load, Measured } from './serving-load.ts';
import { tell, withServing } from './serving-processes.ts';
import type { Order, Ports } from './serving-server.ts';

const CLIENTS = 16;
const SECONDS = 1;
const OPEN_SECONDS = 5;
const RATES = [0.5, 1, 2, 4] as const;
const MAX_PICTURES = 64;
const SHAPES = [1, 8, MAX_PICTURES].flatMap((count) =>
  (['raw', 'png'] as const).map((format) => ({ count, format })),
);
/** Of the open loop. */
const OPEN = { count: 8, format: 'raw' } as const;

export interface ServingOptions {
  readonly rounds: number;
  readonly onProgress: (line: string) => void;
}

export interface ServingResult {
  readonly closed: readonly {
    readonly count: number;
    readonly format: 'raw' | 'png';
    /** Pictures a second of the service, of the sampler alone, and requests a second of an empty server. */
    readonly served: Summary;
    readonly drawn: Summary;
    readonly empty: Summary;
    /** Of each round: served ÷ min(count × empty, drawn). */
    readonly share: Summary;
  }[];
  readonly open: readonly {
    /** Times what the closed loop achieved. */
    readonly times: number;
    readonly rate: number;
    readonly measured: Measured;
    /** The server's resident memory after it. */
    readonly bytes: number;
  }[];
}

/** What is compared takes turns: a machine's speed drifts. */
export async function benchServing(options: ServingOptions): Promise<ServingResult> {
  const { rounds, onProgress } = options;
  onProgress('a generator of preset quick after one step');
  return withServing(async ({ file, server, load }) => {
    // The clients stand for as many addresses. Those of the closed loop wait for what they asked for, however much that is.
    const order: Order = { type: 'serve', file, maxShare: 1 };
    const ports = await tell<Ports>(server, { ...order, maxQueue: CLIENTS * MAX_PICTURES });
    const bounded = await tell<Ports>(server, order);
    const loaded = (wanted: Load) => tell<Measured>(load, wanted);
    const closed: ServingResult['closed'][number][] = [];
    for (const shape of SHAPES) {
      const measured = { served: [] as number[], drawn: [] as number[], empty: [] as number[] };
      // The first round warms up.
      for (let round = -1; round < rounds; round += 1) {
        onProgress(
          `${shape.count} ${shape.format}: ${round < 0 ? 'warm-up' : `round ${round + 1}`}`,
        );
        const draw = {
          type: 'draw',
          count: shape.count,
          clients: CLIENTS,
          seconds: SECONDS,
        } as const;
        const common = { seconds: SECONDS, clients: CLIENTS };
        const empty = await loaded({ port: ports.empty, asked: 'nothing', ...common });
        const drawn = await tell<number>(server, draw satisfies Order);
        const served = await loaded({ port: ports.service, asked: shape, ...common });
        if (round < 0) continue;
        measured.empty.push(goodput(empty));
        measured.drawn.push(drawn);
        measured.served.push(goodput(served) * shape.count);
      }
      const share = measured.served.map(
        (rate, i) => rate / Math.min(shape.count * measured.empty[i]!, measured.drawn[i]!),
      );
      closed.push({
        ...shape,
        ...{ served: summarize(measured.served), drawn: summarize(measured.drawn) },
        ...{ empty: summarize(measured.empty), share: summarize(share) },
      });
    }
    const capacity =
      closed.find(({ count, format }) => count === OPEN.count && format === OPEN.format)!.served
        .median / OPEN.count;
    const open: ServingResult['open'][number][] = [];
    for (const times of RATES) {
      onProgress(`arrivals at ${times} times ${capacity.toFixed(0)} requests a second`);
      const rate = times * capacity;
      const measured = await loaded({
        ...{ port: bounded.service, asked: OPEN, seconds: OPEN_SECONDS, rate },
      });
      const bytes = await tell<number>(server, { type: 'memory' } satisfies Order);
      open.push({ times, rate, measured, bytes });
    }
    return { closed, open };
  });
}

/** Answers with status 200 a second. */
function goodput({ answers, seconds }: Measured): number {
  return (answers[200] ?? 0) / seconds;
}

export function formatServing({ closed, open }: ServingResult): string {
  const whole = (value: number) => value.toFixed(0);
  const closedRows = closed.map(({ count, format, served, drawn, empty, share }) => [
    `${count} ${format}`,
    ...[served, drawn, empty].map(({ median }) => whole(median)),
    `${share.median.toFixed(2)} (${share.min.toFixed(2)}–${share.max.toFixed(2)})`,
  ]);
  const peak = Math.max(...open.map(({ measured }) => goodput(measured)));
  const openRows = open.map(({ times, rate, measured, bytes }) => {
    const { answers, median, p99, healthP99 } = measured;
    return [
      `${times}`,
      ...[rate, goodput(measured)].map(whole),
      (goodput(measured) / peak).toFixed(2),
      whole(answers[429] ?? 0),
      whole((answers[0] ?? 0) + (answers[503] ?? 0) + (answers[504] ?? 0) + (answers[500] ?? 0)),
      ...[median, p99, healthP99].map((value) => value.toFixed(1)),
      whole(bytes / 2 ** 20),
    ];
  });
  const lines = [
    '',
    `${CLIENTS} clients, preset quick: pictures a second`,
    ...formatTable([
      ['pictures a request', 'service', 'in process', 'empty requests/s', 'share of the limit'],
      ...closedRows,
    ]),
    '',
    `arrivals, ${OPEN.count} pictures a request, ${OPEN.format}`,
    ...formatTable([
      [
        ...['times', 'requests/s', 'goodput/s', 'of the peak', '429', 'other'],
        ...['median, ms', 'p99, ms', 'health p99, ms', 'MiB'],
      ],
      ...openRows,
    ]),
  ];
  return `${lines.join('\n')}\n`;
}
