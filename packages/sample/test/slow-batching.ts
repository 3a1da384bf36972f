/** Batching whose runs a test ends. */
import { setImmediate } from 'node:timers/promises';
import { expect } from 'vitest';
import { createBatching } from '../src/index.ts';

/** A run of the generator, which ends when the test says so. */
export interface Run {
  /** The pictures in it. A picture is one byte, its latent vector one number, both its name. */
  pictures: number[];
  signal: AbortSignal;
  finish(): Promise<void>;
  fail(error: unknown): Promise<void>;
}

/** Batching over a generator whose runs the test ends. */
export function startBatching(maxBatch: number, maxDelayMs?: number, lanes?: number) {
  const runs: Run[] = [];
  const batching = createBatching({
    infer: (z, count, options) =>
      new Promise((resolve, reject) => {
        expect(z).toHaveLength(count);
        runs.push({
          pictures: Array.from(z),
          signal: options!.signal!,
          finish: async () => {
            resolve(Uint8Array.from(z));
            await setImmediate();
          },
          fail: async (error) => {
            reject(error);
            await setImmediate();
          },
        });
      }),
    ...{ lanes, maxBatch, maxDelayMs },
    latentSize: 1,
    pictureBytes: 1,
  });
  /** Asks for pictures `name` … `name + count − 1`. */
  const ask = (name: number, count: number, signal?: AbortSignal) => {
    const names = (first: number, some: number) =>
      Float32Array.from({ length: some }, (_, i) => name + first + i);
    const drawn = batching.draw({ count, latents: names, signal }).then((data) => Array.from(data));
    // Some are awaited only after they were rejected.
    drawn.catch(() => undefined);
    return drawn;
  };
  return { batching, ask, runs, drawn: () => runs.map(({ pictures }) => pictures) };
}

/** What it has come to: its value, its error, or "pending". */
export const settled = async (promise: Promise<unknown>) => {
  let state: unknown = 'pending';
  promise.then(
    (value) => {
      state = value;
    },
    (error) => {
      state = error;
    },
  );
  await setImmediate();
  return state;
};
