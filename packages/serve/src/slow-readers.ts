/** Who reads an answer too slowly makes room for others, when there is no other room. */
import type { ServerResponse } from 'node:http';

/** While others want its place an answer may wait to be read for so long, and as long as its levels take at this pace. */
const GRACE_MS = 2_000;
const LEAST_BYTES_PER_MS = 256;
/** It is not looked for them more often: thousands may be refused in a second, and hundreds read. */
const LOOK_MS = 20;

interface Reader {
  response: ServerResponse;
  /** Of the levels that wait at most. */
  bytes: number;
  leave: () => void;
  /** When it was first seen to wait at `written` bytes of its connection. */
  since: number;
  written: number;
  /** Where it stands among the others; −1 once it does not. */
  place: number;
}

export interface SlowReaders {
  /** @returns forgets it */
  add(response: ServerResponse, bytes: number, leave: () => void): () => void;
  /**
   * Ends the connection of who has waited for longest beyond what it may, and leaves for it.
   * @returns 0; where there is none, milliseconds until there may be: Infinity where nothing waits to be read
   */
  cutOne(): number;
}

/**
 * It is looked at only when somebody finds no room: what moves between two looks is not slow, and where there
 * is room nobody is.
 */
export function createSlowReaders(): SlowReaders {
  /** No Set: in one that is long-lived, entries outlive the collections after they are deleted (docs/decisions.md). */
  const readers: Reader[] = [];
  // The last look, and when the first of them may be cut off.
  let [looked, due] = [-Infinity, 0];

  /** Milliseconds that it may still take. */
  function left(reader: Reader, now: number): number {
    const { response, bytes } = reader;
    if (!response.writableEnded && !response.writableNeedDrain) {
      reader.written = -1;
      return Infinity;
    }
    // What was written since has been a part of a stream, so the one before it was taken.
    const written = response.socket?.bytesWritten ?? 0;
    if (reader.written !== written) Object.assign(reader, { written, since: now });
    return reader.since + GRACE_MS + bytes / LEAST_BYTES_PER_MS - now;
  }

  /** The last takes its place. */
  function forget(reader: Reader): void {
    const { place } = reader;
    if (place < 0) return;
    const last = readers.pop()!;
    if (last !== reader) {
      readers[place] = last;
      last.place = place;
    }
    reader.place = -1;
  }

  return {
    add(response, bytes, leave) {
      const place = readers.length;
      const reader = { response, bytes, leave, since: 0, written: -1, place };
      readers.push(reader);
      return () => forget(reader);
    },
    cutOne() {
      const now = performance.now();
      if (now < looked + LOOK_MS && now < due) return due - now;
      let [slowest, least]: [Reader | undefined, number] = [undefined, Infinity];
      for (const reader of readers) {
        const ms = left(reader, now);
        if (ms < least) [slowest, least] = [reader, ms];
      }
      if (!slowest || least > 0) {
        [looked, due] = [now, now + least];
        return least;
      }
      forget(slowest);
      slowest.leave();
      slowest.response.destroy();
      return 0;
    },
  };
}
