/**
 * `bench serve-memory`: what the service weighs while it answers 200,000 requests, each for a picture that nobody asked for
 * before. Memory that is kept for ever shows as a slope.
 */
import { formatTable } from './report.ts';
import type { Load, Measured } from './serving-load.ts';
import { tell, withServing } from './serving-processes.ts';
import type { Order, Ports } from './serving-server.ts';

const REQUESTS = 200_000;
const CLIENTS = 16;
const SECONDS = 2;
/** Of the table. */
const ROWS = 10;

interface Reading {
  /** Answered by then. */
  readonly requests: number;
  /** Resident. */
  readonly bytes: number;
}

export interface ServingMemory {
  readonly readings: readonly Reading[];
  /** Bytes a request, of a line through the second half of the readings. */
  readonly slope: number;
}

export async function benchServingMemory({
  onProgress,
}: {
  readonly onProgress: (line: string) => void;
}): Promise<ServingMemory> {
  return withServing(async ({ file, server, load }) => {
    const ports = await tell<Ports>(server, { type: 'serve', file } satisfies Order);
    const readings: Reading[] = [];
    for (let requests = 0; requests < REQUESTS; ) {
      const format = readings.length % 2 ? 'png' : 'raw';
      const asked = { count: 1, format } as const;
      const wanted: Load = { port: ports.service, asked, seconds: SECONDS, clients: CLIENTS };
      const { answers } = await tell<Measured>(load, wanted);
      const others = Object.keys(answers).filter((status) => status !== '200');
      if (others.length > 0) throw new Error(`the service answered ${others.join(', ')}`);
      requests += answers[200] ?? 0;
      const bytes = await tell<number>(server, { type: 'memory' } satisfies Order);
      readings.push({ requests, bytes });
      onProgress(`${requests} requests: ${(bytes / 2 ** 20).toFixed(0)} MiB`);
    }
    return { readings, slope: slopeOf(readings.slice(Math.floor(readings.length / 2))) };
  });
}

/** Of the line of least squares. */
function slopeOf(readings: readonly Reading[]): number {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = readings.map(({ requests }) => requests);
  const y = readings.map(({ bytes }) => bytes);
  const [middleX, middleY] = [mean(x), mean(y)];
  const covariance = mean(x.map((value, i) => (value - middleX) * (y[i]! - middleY)));
  return covariance / mean(x.map((value) => (value - middleX) ** 2));
}

export function formatServingMemory({ readings, slope }: ServingMemory): string {
  const every = Math.ceil(readings.length / ROWS);
  const shown = readings.filter((_, i) => i % every === every - 1 || i === readings.length - 1);
  const rows = shown.map(({ requests, bytes }) => [String(requests), (bytes / 2 ** 20).toFixed(0)]);
  const lines = [
    '',
    `${CLIENTS} clients, preset quick: resident memory`,
    ...formatTable([['requests', 'MiB'], ...rows]),
    `slope of the second half: ${((slope * 100_000) / 2 ** 20).toFixed(1)} MiB for 100,000 requests`,
  ];
  return `${lines.join('\n')}\n`;
}
