/** One run with all threads, or several with one each: which, and that what was opened is closed. */
import type { Program } from '@ganport/runtime';
import { openProgram } from '@ganport/runtime/node';
import { expect, test } from 'vitest';
import { openOnCpu } from '../src/lanes.ts';
import { samplerOf } from '../src/sampler.ts';
import { buildGenerator, largestDifference } from './fixture.ts';

const { model, expected } = buildGenerator({ latent: 4, height: 5, width: 3 });
const { signal } = new AbortController();

/** Opens programs, and counts those that are open and the runs of each. */
function counting({ slowMs = 0, failing = Number.POSITIVE_INFINITY } = {}) {
  const opened: { threads: number | undefined; runs: number }[] = [];
  let open = 0;
  return {
    opened,
    open: () => open,
    async openOne(bytes: Uint8Array, threads: number | undefined): Promise<Program> {
      if (opened.length === failing) throw new Error('out of memory');
      const program = await openProgram(bytes, { device: 'cpu', ...(threads && { threads }) });
      const counts = { threads, runs: 0 };
      opened.push(counts);
      open += 1;
      return {
        ...program,
        async run(...asked) {
          counts.runs += 1;
          if (slowMs > 0) await new Promise((resolve) => setTimeout(resolve, slowMs));
          return program.run(...asked);
        },
        async close() {
          open -= 1;
          await program.close();
        },
      };
    },
  };
}

test('small pictures are drawn by several runs at a time, the same ones', async () => {
  const { openOne, opened, open } = counting();
  const generator = await openOnCpu(model, { open: openOne, threads: 3, signal });
  expect(generator).toMatchObject({ lanes: 3, description: expect.stringMatching(/threads: 3$/) });
  expect(opened.map(({ threads }) => threads)).toEqual([3, 1, 1, 1]);
  expect(open()).toBe(3);
  const sampler = await samplerOf(generator, {});
  const asked = [48, 5, 70].map((count, seed) => sampler.sample({ seed, count }));
  for (const [seed, { count, data }] of (await Promise.all(asked)).entries()) {
    const want = Array.from({ length: count }, (_, i) => [...expected(seed, i)]).flat();
    expect(largestDifference(data, want)).toBeLessThanOrEqual(1);
  }
  for (const { runs } of opened.slice(1)) expect(runs).toBeGreaterThan(0);
  await sampler.close();
  expect(open()).toBe(0);
});

test('a picture that takes long has all threads, and so has one that need not be shared', async () => {
  for (const [threads, slowMs] of [
    [3, 20],
    [1, 0],
  ] as const) {
    const { openOne, opened, open } = counting({ slowMs });
    const generator = await openOnCpu(model, { open: openOne, threads, signal });
    expect(generator.lanes).toBeUndefined();
    expect(opened.map(({ threads }) => threads)).toEqual([threads]);
    await generator.close();
    expect(open()).toBe(0);
  }
});

test('where one cannot be opened, none is left open', async () => {
  const { openOne, open } = counting({ failing: 2 });
  const opening = openOnCpu(model, { open: openOne, threads: 3, signal });
  await expect(opening).rejects.toThrow('out of memory');
  expect(open()).toBe(0);
});
