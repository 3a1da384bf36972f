/** metrics.jsonl, also as it grows: each line is read once, and curves stay short. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { openRegular } from '@ganport/model/node';
import { type Line, linesOf, MAX_LOG_BYTES } from '../metrics-log.ts';
import { type Gathered, gather } from './gather.ts';
import type { Series } from './series.ts';

/** Read at a time, between which others have the thread. */
const CHUNK_BYTES = 2 ** 18;
/** More are no training's. */
const MOST_METRICS = 64;
const NEWLINE = 0x0a;

/** The last checkpoint's samples by class. */
export interface Modes {
  step: number;
  counts: number[];
}

/** Lines that cannot be read: how many, and the first one's number, from 1. */
interface Damage {
  first: number;
  count: number;
}

interface Followed {
  /** Values of each metric by step: of a long log, means of as many. */
  metrics: ReadonlyMap<string, Series>;
  /** The last step that was logged, 0 before the first. */
  step: number;
  /** Where samples were classified. */
  modes: Modes | undefined;
  /** Lines that are left out, in one line. The last may be half written as long as it has no end. */
  damage: string | undefined;
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

interface Read {
  curves: Map<string, Gathered>;
  step: number;
  modes: Modes | undefined;
  /** Lines until now. */
  lines: number;
  damage: Damage | undefined;
}

const nothing = (): Read => ({
  ...{ curves: new Map(), step: 0, lines: 0 },
  ...{ modes: undefined, damage: undefined },
});

export function followLog(path: string): LogFollower {
  let all = nothing();
  let file = 0;
  let offset = 0;
  return {
    async read() {
      const stats = await stat(path).catch(() => undefined);
      const { size = 0, ino = 0 } = stats ?? {};
      if (ino === file && size === offset) return false;
      if (ino !== file || size < offset) {
        [all, file, offset] = [nothing(), ino, 0];
      }
      if (!stats) return true;
      const before = offset;
      offset = await readLines(path, offset, (lines) => takeLines(all, lines));
      return offset > before || before === 0;
    },
    now() {
      const { curves, step, modes, damage } = all;
      const metrics = [...curves].map(([name, curve]) => [name, curve.points()] as const);
      return {
        metrics: new Map(metrics),
        step,
        modes,
        damage: damage && describeDamage(path, damage),
      };
    },
  };
}

function describeDamage(path: string, { first, count }: Damage): string {
  const [more, what] =
    count > 1 ? [` and ${count - 1} more`, 'what they said'] : ['', 'what it said'];
  return `${basename(path)} is damaged at line ${first}${more}: ${what} is left out`;
}

/**
 * Tells of whole lines from an offset on, many at a time.
 * @returns the offset after the last of them
 */
async function readLines(
  path: string,
  from: number,
  tell: (lines: Buffer) => void,
): Promise<number> {
  const { handle, size } = await openRegular(path, MAX_LOG_BYTES);
  try {
    let [offset, rest] = [from, Buffer.alloc(0)];
    while (offset + rest.length < size) {
      const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, offset + rest.length);
      if (bytesRead === 0) break;
      const read = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      const end = read.lastIndexOf(NEWLINE) + 1;
      tell(read.subarray(0, end));
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

/** @param log whole lines */
function takeLines(all: Read, log: Buffer): void {
  for (const { start, line } of linesOf(log)) {
    if (line) take(all, line);
    else if (all.damage) all.damage.count += 1;
    else all.damage = { first: all.lines + countLines(log.subarray(0, start)) + 1, count: 1 };
  }
  all.lines += countLines(log);
}

function countLines(log: Buffer): number {
  let count = 0;
  for (let at = log.indexOf(NEWLINE); at >= 0; at = log.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

function take(all: Read, { step, modes, ...values }: Line): void {
  all.step = Math.max(all.step, step);
  if (isCounts(modes)) all.modes = { step, counts: modes };
  for (const [name, value] of Object.entries(values)) {
    // What training logs is float32: a number beyond it is damaged, and a chart has no room for it.
    const number = typeof value === 'number' ? Math.fround(value) : Number.NaN;
    if (!Number.isFinite(number)) continue;
    let curve = all.curves.get(name);
    if (!curve) {
      if (all.curves.size >= MOST_METRICS) continue;
      curve = gather();
      all.curves.set(name, curve);
    }
    curve.add(step, number);
  }
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((x) => Number.isSafeInteger(x) && x >= 0);
}
