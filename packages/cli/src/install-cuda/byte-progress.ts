/** Progress of one download on stderr: a bar in a terminal, a line now and then elsewhere. */
import { Presets, SingleBar } from 'cli-progress';
import type { Log } from '../command.ts';

/** Where there is no terminal, a line this often. */
const LINE_EVERY_MS = 5000;
const LARGEST_BAR = 30;

export interface ByteProgress {
  /** @param total undefined where the server does not tell it */
  update(received: number, total: number | undefined): void;
  stop(): void;
}

export function byteProgress(log: Log): ByteProgress {
  const start = performance.now();
  let line = '';
  if (process.stderr.isTTY) {
    const bar = new SingleBar(
      { format: () => line, stream: process.stderr, hideCursor: true, fps: 10 },
      Presets.shades_classic,
    );
    let started = false;
    return {
      update(received, total) {
        line = barLine(received, total, seconds(start), process.stderr.columns);
        if (!started) bar.start(total ?? received, received);
        else bar.update(received);
        started = true;
      },
      stop: () => bar.stop(),
    };
  }
  let last = start;
  return {
    update(received, total) {
      if (received !== total && performance.now() - last < LINE_EVERY_MS) return;
      last = performance.now();
      log(describe(received, total, seconds(start)));
    },
    stop() {},
  };
}

function seconds(start: number): number {
  return (performance.now() - start) / 1000;
}

export function barLine(
  received: number,
  total: number | undefined,
  seconds: number,
  columns: number,
): string {
  const text = describe(received, total, seconds);
  const size = Math.min(LARGEST_BAR, columns - text.length - 2);
  if (total === undefined || size < 4) return text.slice(0, columns - 1);
  const done = Math.round((size * received) / total);
  return `${'█'.repeat(done)}${'░'.repeat(size - done)} ${text}`;
}

/** "45%  120.3/266.0 MB  24.1 MB/s" */
export function describe(received: number, total: number | undefined, seconds: number): string {
  const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
  const speed = `${mb(received / Math.max(seconds, 0.001))} MB/s`;
  if (total === undefined) return `${mb(received)} MB  ${speed}`;
  const percent = total > 0 ? Math.floor((100 * received) / total) : 100;
  return `${percent}%  ${mb(received)}/${mb(total)} MB  ${speed}`;
}
