/**
 * `bench serve`: the service against what its machine can do. A closed loop of clients against the lower of two
 * limits, what the sampler draws in the same process and how often an empty server of node:http answers; and an
 * open loop of arrivals at up to four times what the service can do, against what is left of it while an empty server in the
 * same process answers three quarters of them. Load generators have processes of their own.
 */
import { type Summary, summarize } from './interleave.ts';
import { formatTable } from './report.ts';
import type { Load, Measured } from './serving-load.ts';
import { tell, withServing } from './serving-processes.ts';
import type { Order, Ports } from './serving-server.ts';

const CLIENTS = 16;
const SECONDS = 1;
const OPEN_SECONDS = 3;
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
  readonly open: readonly Arrivals[];
}

/** Of all rounds. */
interface Arrivals {
  /** Times what a closed loop achieved just before; "limit": once that, while an empty server answers three times as many. */
  readonly times: number | 'limit';
  readonly rate: Summary;
  /** Answers with status 200 a second, and their part of the most at any rate in the round. */
  readonly goodput: Summary;
  readonly ofPeak: Summary;
  /** Milliseconds. */
  readonly median: Summary;
  readonly p99: Summary;
  readonly healthP99: Summary;
  readonly refused: number;
  /** Neither 200 nor 429. */
  readonly lost: number;
  /** The most that the server was resident after a round of it. */
  readonly bytes: number;
}

/** What is compared takes turns: a machine's speed drifts. */
export async function benchServing(options: ServingOptions): Promise<ServingResult> {
  const { rounds, onProgress } = options;
  onProgress('a generator of preset quick after one step');
  return withServing(async ({ file, server, load, loadBeside }) => {
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
    const rows: Row[][] = [];
    for (let round = 0; round < rounds; round += 1) {
      const closedLoop = { seconds: SECONDS, clients: CLIENTS, asked: OPEN };
      const capacity = goodput(await loaded({ port: bounded.service, ...closedLoop }));
      onProgress(`arrivals, round ${round + 1}: ${capacity.toFixed(0)} requests a second and more`);
      const arrive = (rate: number): Load => ({
        ...{ port: bounded.service, asked: OPEN, seconds: OPEN_SECONDS, rate },
      });
      const row = async (times: Arrivals['times'], measured: Measured): Promise<Row> => {
        const bytes = await tell<number>(server, { type: 'memory' } satisfies Order);
        return { times, rate: capacity * (times === 'limit' ? 1 : times), measured, bytes };
      };
      const inRound: Row[] = [];
      for (const times of RATES)
        inRound.push(await row(times, await loaded(arrive(times * capacity))));
      const most = Math.max(...RATES);
      const [measured] = await Promise.all([
        loaded(arrive(capacity)),
        tell(loadBeside, { ...arrive((most - 1) * capacity), port: bounded.empty } satisfies Load),
      ]);
      rows.push([...inRound, await row('limit', measured)]);
    }
    const open = [...RATES, 'limit' as const].map((_, i) => arrivals(rows, i));
    return { closed, open };
  });
}

/** Arrivals at one rate, in one round. */
interface Row extends Pick<Arrivals, 'times' | 'bytes'> {
  rate: number;
  measured: Measured;
}

/** Of a rate, by its place in each round. */
function arrivals(rounds: readonly (readonly Row[])[], place: number): Arrivals {
  const rows = rounds.map((inRound) => inRound[place]!);
  const of = (value: (measured: Measured) => number) =>
    summarize(rows.map(({ measured }) => value(measured)));
  const sum = (count: (answers: Measured['answers']) => number) =>
    rows.reduce((all, { measured }) => all + count(measured.answers), 0);
  const peaks = rounds.map((inRound) =>
    Math.max(...inRound.map(({ times, measured }) => (times === 'limit' ? 0 : goodput(measured)))),
  );
  return {
    times: rows[0]!.times,
    rate: summarize(rows.map(({ rate }) => rate)),
    goodput: of(goodput),
    ofPeak: summarize(rows.map(({ measured }, round) => goodput(measured) / peaks[round]!)),
    median: of(({ median }) => median),
    p99: of(({ p99 }) => p99),
    healthP99: of(({ healthP99 }) => healthP99),
    refused: sum((answers) => answers[429] ?? 0),
    lost: sum(
      (answers) =>
        (answers[0] ?? 0) + (answers[503] ?? 0) + (answers[504] ?? 0) + (answers[500] ?? 0),
    ),
    bytes: Math.max(...rows.map(({ bytes }) => bytes)),
  };
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
  const openRows = open.map(({ times, rate, goodput, ofPeak, refused, lost, bytes, ...took }) => [
    `${times}`,
    ...[rate, goodput].map(({ median }) => whole(median)),
    `${ofPeak.median.toFixed(2)} (${ofPeak.min.toFixed(2)}–${ofPeak.max.toFixed(2)})`,
    ...[refused, lost].map(whole),
    ...[took.median, took.p99, took.healthP99].map(({ median }) => median.toFixed(1)),
    whole(bytes / 2 ** 20),
  ]);
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
    `limit: at once what it can do, while an empty server in its process answers ${Math.max(...RATES) - 1} times as many`,
  ];
  return `${lines.join('\n')}\n`;
}
