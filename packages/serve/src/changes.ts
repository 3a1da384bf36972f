/** Changes of what is served, one at a time: each new version needs memory beside the old one. */
import { setTimeout } from 'node:timers/promises';
import { createTurns } from '@ganport/runtime';
import { HttpError } from './http-error.ts';

export interface Changes {
  /** Aborted once no change is to begin any longer. */
  readonly signal: AbortSignal;
  /** Makes a change when its turn comes. @throws HttpError 503 if that is after the end */
  make<T>(change: () => Promise<T>): Promise<T>;
  /** Lets what waits fail, and waits for the change under way, but no longer than this. */
  end(graceMs: number): Promise<void>;
}

export function createChanges(): Changes {
  const ending = new AbortController();
  const { signal } = ending;
  const inTurn = createTurns();
  return {
    signal,
    make: (change) =>
      inTurn(() => {
        signal.throwIfAborted();
        return change();
      }),
    async end(graceMs) {
      ending.abort(new HttpError(503, 'the server is closing'));
      const grace = new AbortController();
      const over = setTimeout(graceMs, undefined, { signal: grace.signal }).catch(() => {});
      await Promise.race([inTurn(async () => {}), over]);
      grace.abort();
    },
  };
}

/** Who asks while a change waits for its turn gets what that one comes to. */
export function merged<T>({ make }: Changes, change: () => Promise<T>): () => Promise<T> {
  let waiting: Promise<T> | undefined;
  return () => {
    waiting ??= make(() => {
      waiting = undefined;
      return change();
    });
    return waiting;
  };
}
