/** Which runs are made where they are asked for, and what shares one. */
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createBatching } from '../src/index.ts';

/** Batching of two lanes whose runs of up to 4 pictures may be made in place, and what became of each: [pictures, in place]. */
function start() {
  const runs: [number, boolean | undefined][] = [];
  const batching = createBatching({
    async infer(_, count, options) {
      runs.push([count, options!.inPlace]);
      await setImmediate();
      return new Uint8Array(count);
    },
    ...{ lanes: 2, inPlace: 4, maxBatch: 64, latentSize: 1, pictureBytes: 1 },
    gather: () => setImmediate(),
  });
  const ask = (count: number) =>
    batching.draw({ count, latents: (_, some) => new Float32Array(some) });
  return { runs, ask, close: batching.close };
}

test('a small one that nobody waits beside', async () => {
  const { runs, ask, close } = start();
  for (const count of [4, 5, 1]) await ask(count);
  expect(runs).toEqual([
    [4, true],
    [5, false],
    [1, true],
  ]);
  await close();
});

test('not of several requests, which share what comes in one turn of the event loop', async () => {
  const { runs, ask, close } = start();
  const first = ask(1);
  await Promise.resolve();
  await Promise.all([first, ask(2)]);
  expect(runs).toEqual([[3, false]]);
  await close();
});

test('not while another is under way', async () => {
  const { runs, ask, close } = start();
  const large = ask(20);
  while (runs.length === 0) await setImmediate();
  await Promise.all([large, ask(1)]);
  expect(runs).toEqual([
    [16, false],
    [4, false],
    [1, false],
  ]);
  await close();
});
