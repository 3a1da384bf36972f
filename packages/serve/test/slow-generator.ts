/** A generator whose runs the test ends, but for the first, which checks the golden samples. */
import { setImmediate } from 'node:timers/promises';
import type { Program } from '@ganport/runtime';
import { openSampler } from '@ganport/sample';
import type { LoadedGenerator } from '@ganport/sample/node';
import { buildGenerator } from '../../sample/test/fixture.ts';

interface Run {
  /** Pictures in it. */
  count: number;
  /** Whether it was cancelled. */
  cancelled: boolean;
  finish(): void;
}

export interface SlowGenerator {
  generator: LoadedGenerator;
  /** In the order they began. */
  runs: Run[];
  /** Resolves when there have been so many runs. */
  begun(count: number): Promise<void>;
  closed: boolean;
}

/** Golden samples and all pictures are black squares of `side` pixels. */
export async function slowGenerator(maxBatch = 64, side = 1): Promise<SlowGenerator> {
  const image = { width: side, height: side, channels: 1, output: 'uint8' } as const;
  const golden = { seed: 1, count: 1, images: Buffer.alloc(side * side).toString('base64') };
  const { model } = buildGenerator({
    latent: 2,
    height: side,
    width: side,
    alter: (metadata) => ({ ...metadata, image, golden }),
  });
  const runs: Run[] = [];
  let checked = false;
  const slow = { closed: false };
  const program: Program = {
    description: 'a test',
    inputs: [{ name: 'z', dtype: 'float32', shape: ['N', 2] }],
    outputs: [{ name: 'image', dtype: 'uint8', shape: ['N', side, side, 1] }],
    traffic: { toDevice: 0, fromDevice: 0 },
    write: async () => {},
    run({ z }, { signal } = {}) {
      const count = z!.shape[0]!;
      const data = new Uint8Array(count * side * side);
      const result = { image: { dtype: 'uint8' as const, shape: [count, side, side, 1], data } };
      if (!checked) {
        checked = true;
        return Promise.resolve(result);
      }
      return new Promise((resolve, reject) => {
        const cancel = () => {
          run.cancelled = true;
          reject(signal!.reason);
        };
        const run: Run = {
          ...{ count, cancelled: false },
          finish() {
            signal!.removeEventListener('abort', cancel);
            resolve(result);
          },
        };
        signal!.addEventListener('abort', cancel);
        runs.push(run);
      });
    },
    read: async () => ({}),
    close: async () => {
      slow.closed = true;
    },
  };
  const sampler = await openSampler({ model, open: async () => program, maxBatch });
  const generator: LoadedGenerator = {
    ...{ sampler, device: 'cpu', why: 'it was asked for' },
    ...{ file: model, sha256: '0'.repeat(64) },
  };
  return {
    generator,
    runs,
    async begun(count) {
      while (runs.length < count) await setImmediate();
    },
    get closed() {
      return slow.closed;
    },
  };
}
