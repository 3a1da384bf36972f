/**
 * What the values of a file take in JavaScript's heap. A message of no fields has two bytes in a file and some 150
 * here, so a file of nothing else would grow 75-fold: what is decoded is counted, and limited by the file's size.
 */

/** Values may take this many times the size of their file, or BASE_BYTES. */
const GROWTH = 10;
const BASE_BYTES = 2 ** 26;

/** The heap ends the process where it is full: at two to four gigabytes by default, at less on small machines. */
const MOST_BYTES = 2 ** 29;

/** Bytes that values take, measured with Node 20: process.memoryUsage() after a million of each. */
const COST = {
  /** Of a list, with the room it keeps to grow in. */
  entry: 12,
  /** A message, and each field that it may have. */
  message: 64,
  field: 8,
  /** Before its characters. */
  text: 24,
  /** A view of the file. */
  bytes: 120,
  /** Of 64 bits, on the heap. */
  integer: 28,
} as const;

export interface Memory {
  /** @throws RangeError if these values are too many for the file */
  take(kind: keyof typeof COST, count: number): void;
}

/** @param size of the file, in bytes; its own are among what may be taken */
export function createMemory(size: number): Memory {
  const most = Math.min(MOST_BYTES, Math.max(BASE_BYTES, GROWTH * size) - size);
  let taken = 0;
  return {
    take(kind, count) {
      taken += COST[kind] * count;
      if (taken <= most) return;
      throw new RangeError(
        `expected values that take at most ${most} bytes of memory, for a file of ${size} bytes`,
      );
    },
  };
}
