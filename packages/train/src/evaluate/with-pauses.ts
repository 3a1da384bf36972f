import { setImmediate } from 'node:timers/promises';
import type { Parts } from './parts.ts';

/** Between two turns of the event loop, in milliseconds. */
const TURN_MS = 50;

/** Computes what is in parts, while signals and timers are heard. @throws the signal's reason, once it is aborted */
export async function withPauses<T>(parts: Parts<T>, signal?: AbortSignal): Promise<T> {
  for (let last = performance.now(); ; ) {
    const next = parts.next();
    if (next.done) return next.value;
    if (performance.now() - last < TURN_MS) continue;
    await setImmediate();
    signal?.throwIfAborted();
    last = performance.now();
  }
}
