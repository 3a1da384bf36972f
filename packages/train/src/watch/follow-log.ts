/** metrics.jsonl as it grows: each line is read once, and curves stay short. */
import { stat } from 'node:fs/promises';
import { openRegular } from '@ganport/model/node';
import { type Line, linesOf, MAX_LOG_BYTES } from '../metrics-log.ts';
import { thin } from '../report/chart.ts';
import type { Series } from '../report/read-run.ts';

/** Read at a time, between which others have the thread. */
const CHUNK_BYTES = 2 ** 18;
/** Points that a curve may have, and that are left of it then: what is old gets coarser than what is new. */
const [MOST_POINTS, THINNED] = [4096, 1024];
/** More are no training's. */
const MOST_METRICS = 64;
const NEWLINE = 0x0a;

export interface Followed {
  /** Metrics by name. */
  metrics: Map<string, Series>;
  /** The last step that was logged, 0 before the first. */
  step: number;
  /** The last checkpoint's samples by class, where they were classified. */
  modes: { step: number; counts: number[] } | undefined;
}

export interface LogFollower {
  /**
   * Reads on. A log that was replaced, as of a run that was resumed, is read from its beginning.
   * @returns whether there was anything new
   * @throws ModelError if it is no regular file, or too large; a log that is not there yet is empty
   */
  read(): Promise<boolean>;
  now(): Followed;
}

const nothing = (): Followed => ({ metrics: new Map(), step: 0, modes: undefined });

export function followLog(path: string): LogFollower {
  let followed = nothing();
  let file = 0;
  let offset = 0;
  return {
    async read() {
      const stats = await stat(path).catch(() => undefined);
      const { size = 0, ino = 0 } = stats ?? {};
      if (ino === file && size === offset) return false;
      if (ino !== file || size < offset) {
        [followed, file, offset] = [nothing(), ino, 0];
      }
      if (!stats) return true;
      const before = offset;
      offset = await readLines(path, offset, (line) => take(followed, line));
      return offset > before || before === 0;
    },
    now: () => followed,
  };
}

/**
 * Tells of each whole line from an offset on.
 * @returns the offset after the last of them
 */
async function readLines(path: string, from: number, tell: (line: Line) => void): Promise<number> {
  const { handle, size } = await openRegular(path, MAX_LOG_BYTES);
  try {
    let [offset, rest] = [from, Buffer.alloc(0)];
    while (offset + rest.length < size) {
      const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, offset + rest.length);
      if (bytesRead === 0) break;
      const read = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      const end = read.lastIndexOf(NEWLINE) + 1;
      for (const { line } of linesOf(read.subarray(0, end))) if (line) tell(line);
      // More than any line: it is left out.
      const kept = end === 0 && read.length > CHUNK_BYTES ? read.length : end;
      offset += kept;
      rest = read.subarray(kept);
    }
    return offset;
  } finally {
    await handle.close();
  }
}

function take(followed: Followed, { step, modes, ...values }: Line): void {
  const { metrics } = followed;
  followed.step = Math.max(followed.step, step);
  if (isCounts(modes)) followed.modes = { step, counts: modes };
  for (const [name, value] of Object.entries(values)) {
    const series = metrics.get(name) ?? [];
    if (!Number.isFinite(value) || (series.length === 0 && metrics.size >= MOST_METRICS)) continue;
    series.push([step, value as number]);
    metrics.set(name, series.length > MOST_POINTS ? thin(series, THINNED) : series);
  }
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((x) => Number.isSafeInteger(x) && x >= 0);
}
