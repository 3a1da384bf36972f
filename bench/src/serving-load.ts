/** The process of the load generator of `bench serve`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, openConnection } from './http-connection.ts';

/** What is asked for: an empty answer, or pictures of a new seed each time. */
type Asked = 'nothing' | { readonly count: number; readonly format: 'raw' | 'png' };

export interface Load {
  readonly port: number;
  readonly asked: Asked;
  readonly seconds: number;
  /** Clients that ask again once they are answered, */
  readonly clients?: number;
  /** or requests a second, whether others are answered or not. */
  readonly rate?: number;
}

export interface Measured {
  readonly seconds: number;
  /** How many answers there were, by status; of those that had no connection, or lost it, by 0. */
  readonly answers: Readonly<Record<number, number>>;
  /** Milliseconds of answers with status 200: from when they were due, where there is a rate. */
  readonly median: number;
  readonly p99: number;
  /** Of an empty answer, asked for every 20 ms beside a rate. */
  readonly healthP99: number;
}

/**
 * Of the open loop, open before it begins: to open one for each arrival that finds none free costs both sides more than the
 * request, which makes more of them find none. What finds none free waits, and its latency counts.
 */
const CONNECTIONS = 512;
const HEALTH_MS = 20;
const SEED_SPAN = 2 ** 40;

process.on('message', async (load: Load) => {
  process.send!(await (load.rate === undefined ? closedLoop(load) : openLoop(load, load.rate)));
});
process.once('disconnect', () => process.exit());

/** Of a seed that nobody asked for before. */
function requests(asked: Asked): () => string {
  if (asked === 'nothing') return () => 'GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n';
  const { count, format } = asked;
  let seed = Math.floor(Math.random() * SEED_SPAN);
  return () => {
    seed += 1;
    const body = JSON.stringify({
      seed,
      count,
      format: format === 'png' && count > 1 ? 'grid' : format,
    });
    return `POST /v1/sample HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
}

async function closedLoop({ port, asked, seconds, clients = 1 }: Load): Promise<Measured> {
  const tally = createTally();
  const next = requests(asked);
  const open = await Promise.all(Array.from({ length: clients }, () => openConnection(port)));
  const began = performance.now();
  const end = began + seconds * 1000;
  await Promise.all(
    open.map(async (connection) => {
      for (let asked = began; asked < end; asked = performance.now()) {
        tally.count(await connection.ask(next()), performance.now() - asked);
      }
    }),
  );
  for (const connection of open) connection.close();
  return tally.measured((performance.now() - began) / 1000);
}

/** Arrivals are even; latencies count from when a request was due, also where this process was late. */
async function openLoop({ port, asked, seconds }: Load, rate: number): Promise<Measured> {
  const tally = createTally();
  const health = createTally();
  const next = requests(asked);
  const free = await Promise.all(Array.from({ length: CONNECTIONS }, () => openConnection(port)));
  const waiting: ((connection: Connection) => void)[] = [];
  const running = new Set<Promise<void>>();

  async function send(due: number): Promise<void> {
    const connection =
      free.pop() ?? (await new Promise<Connection>((resolve) => waiting.push(resolve)));
    let kept = connection;
    try {
      tally.count(await connection.ask(next()), performance.now() - due);
    } catch {
      tally.count(0, 0);
      kept = await openConnection(port);
    }
    const first = waiting.shift();
    if (first) first(kept);
    else free.push(kept);
  }

  const probe = await openConnection(port);
  const began = performance.now();
  const end = began + seconds * 1000;
  const probing = (async () => {
    const ask = requests('nothing');
    while (performance.now() < end) {
      const asked = performance.now();
      health.count(await probe.ask(ask()), performance.now() - asked);
      await sleep(HEALTH_MS);
    }
  })();
  let sent = 0;
  for (let now = began; now < end; now = performance.now()) {
    for (const due = Math.floor(((now - began) * rate) / 1000); sent < due; sent += 1) {
      const one = send(began + (sent * 1000) / rate);
      running.add(one);
      void one.then(() => running.delete(one));
    }
    await sleep(1);
  }
  // Goodput is what was answered in this time; what comes later has its latency, and no share in it.
  const inTime = tally.measured(seconds);
  await Promise.all([...running, probing]);
  const { median, p99 } = tally.measured(seconds);
  for (const connection of [...free, probe]) connection.close();
  return { ...inTime, median, p99, healthP99: health.measured(seconds).p99 };
}

function createTally() {
  const answers: Record<number, number> = {};
  const took: number[] = [];
  return {
    count(status: number, milliseconds: number): void {
      answers[status] = (answers[status] ?? 0) + 1;
      if (status === 200) took.push(milliseconds);
    },
    measured(seconds: number): Measured {
      const sorted = took.toSorted((a, b) => a - b);
      const quantile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
      return {
        ...{ seconds, answers: { ...answers } },
        ...{ median: quantile(0.5), p99: quantile(0.99), healthP99: 0 },
      };
    },
  };
}
