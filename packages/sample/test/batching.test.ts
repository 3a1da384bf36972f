import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Run, settled, startBatching } from './slow-batching.ts';

describe('requests take turns', () => {
  test('small ones share a run, in the order they came', async () => {
    const { ask, runs, drawn } = startBatching(4);
    const asked = [ask(10, 1), ask(20, 2), ask(30, 1)];
    await setImmediate();
    expect(drawn()).toEqual([[10, 20, 21, 30]]);
    asked.push(ask(40, 1));
    await runs[0]!.finish();
    expect(drawn()).toEqual([[10, 20, 21, 30], [40]]);
    await runs[1]!.finish();
    expect(await Promise.all(asked)).toEqual([[10], [20, 21], [30], [40]]);
  });

  test('a large one is cut, and goes behind those that came while it ran', async () => {
    const { ask, runs, drawn } = startBatching(4);
    const large = ask(10, 10);
    await setImmediate();
    const [small, middle] = [ask(40, 1), ask(50, 5)];
    await runs[0]!.finish();
    const late = ask(60, 1);
    for (let i = 1; i < 5; i += 1) await runs[i]!.finish();
    expect(drawn()).toEqual([
      [10, 11, 12, 13],
      [40, 50, 51, 14],
      [60, 52, 53, 15],
      [54, 16, 17, 18],
      [19],
    ]);
    expect(await large).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    expect(await middle).toEqual([50, 51, 52, 53, 54]);
    expect([await small, await late]).toEqual([[40], [60]]);
  });

  test('many large ones, each of whom a run has a part for, do not hold up a small one', async () => {
    const { ask, runs } = startBatching(8);
    const large = Array.from({ length: 16 }, (_, i) => ask(100 * i, 64));
    await setImmediate();
    const small = ask(250, 1);
    await runs[0]!.finish();
    await runs[1]!.finish();
    await runs[2]!.finish();
    expect(await settled(small)).toEqual([250]);
    for (let run = 3; run < 129; run += 1) await runs[run]!.finish();
    expect((await Promise.all(large)).map((pictures) => pictures.length)).toEqual(
      new Array(16).fill(64),
    );
    expect(runs).toHaveLength(129);
  });

  test('one run at a time, and latents are made when their turn comes', async () => {
    const { batching, runs } = startBatching(2);
    const made: number[] = [];
    const latents = (name: number) => (first: number, count: number) => {
      made.push(name + first);
      return new Float32Array(count);
    };
    void batching.draw({ count: 3, latents: latents(10) });
    void batching.draw({ count: 1, latents: latents(20) });
    await setImmediate();
    expect([runs.length, made]).toEqual([1, [10, 20]]);
    await runs[0]!.finish();
    expect([runs.length, made]).toEqual([2, [10, 20, 11]]);
  });

  test('however they are cut, each gets its own pictures, and nobody waits for more than those before', async () => {
    const requests = fc.array(
      fc.record({ count: fc.integer({ min: 1, max: 40 }), at: fc.nat({ max: 10 }) }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(requests, fc.integer({ min: 1, max: 20 }), async (asked, maxBatch) => {
        const { ask, runs, drawn } = startBatching(maxBatch);
        const results: Promise<number[]>[] = [];
        const cameAt: number[] = [];
        for (let run = 0; run <= Math.max(10, runs.length); run += 1) {
          for (const [i, { count, at }] of asked.entries()) {
            if (at !== run) continue;
            results[i] = ask(40 * i, count);
            cameAt[i] = runs.length;
          }
          await setImmediate();
          await runs[run]?.finish();
        }
        for (const run of runs) await run.finish();
        const names = asked.map(({ count }, i) =>
          Array.from({ length: count }, (_, k) => 40 * i + k),
        );
        expect(await Promise.all(results)).toEqual(names);
        for (const run of drawn()) expect(run.length).toBeLessThanOrEqual(maxBatch);
        for (const [i] of asked.entries()) {
          const first = drawn().findIndex((run) => run.includes(40 * i));
          expect(first - cameAt[i]!).toBeLessThanOrEqual(asked.length);
        }
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});

describe('several runs at a time', () => {
  const range = (name: number, count: number) => Array.from({ length: count }, (_, i) => name + i);

  test('part a large request, and a small one not', async () => {
    const { ask, runs, drawn } = startBatching(64, 0, 3);
    const large = ask(0, 48);
    await setImmediate();
    expect(drawn()).toEqual([range(0, 16), range(16, 16), range(32, 16)]);
    for (const i of [2, 0, 1]) await runs[i]!.finish();
    expect(await large).toEqual(range(0, 48));
    const small = [ask(100, 8), ask(110, 8)];
    await setImmediate();
    expect(drawn().slice(3)).toEqual([[...range(100, 8), ...range(110, 8)]]);
    const late = ask(120, 40);
    await setImmediate();
    expect(drawn().slice(4)).toEqual([range(120, 20), range(140, 20)]);
    for (const i of [5, 3, 4]) await runs[i]!.finish();
    expect(await Promise.all(small)).toEqual([range(100, 8), range(110, 8)]);
    expect(await late).toEqual(range(120, 40));
  });

  test('end together, if one of them fails or the request is taken back', async () => {
    const { ask, runs } = startBatching(64, 0, 2);
    const failed = ask(0, 32);
    await setImmediate();
    await runs[0]!.fail(new Error('out of memory'));
    await expect(failed).rejects.toThrow('out of memory');
    expect(runs[1]!.signal.aborted).toBe(true);
    await runs[1]!.fail(new Error('aborted'));
    const controller = new AbortController();
    const dropped = ask(0, 32, controller.signal);
    await setImmediate();
    controller.abort(new Error('the client has left'));
    await expect(dropped).rejects.toThrow('the client has left');
    expect(runs.slice(2).map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });

  test('each gets its own, in whatever order runs end, and others leave or fail', async () => {
    const request = fc.record({
      count: fc.integer({ min: 1, max: 40 }),
      at: fc.nat({ max: 8 }),
      leaves: fc.boolean(),
    });
    const order = fc.array(fc.record({ of: fc.nat(), fails: fc.nat({ max: 9 }) }), {
      minLength: 40,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 40 }),
        order,
        async (asked, lanes, maxBatch, order) => {
          const { ask, runs, batching } = startBatching(maxBatch, 0, lanes);
          const results: Promise<unknown>[] = [];
          const open = new Set<Run>();
          const ended = new Set<Run>();
          for (let step = 0; step < 40 || open.size > 0; step += 1) {
            for (const [i, { count, at, leaves }] of asked.entries()) {
              if (at !== step) continue;
              const controller = new AbortController();
              results[i] = ask(40 * i, count, controller.signal).catch((error) => error.message);
              if (leaves) void setImmediate().then(() => controller.abort(new Error('left')));
            }
            await setImmediate();
            for (const run of runs) if (!ended.has(run)) open.add(run);
            expect(open.size).toBeLessThanOrEqual(lanes);
            const { of, fails } = order[step] ?? { of: 0, fails: 1 };
            const run = [...open][of % Math.max(1, open.size)];
            if (!run) continue;
            open.delete(run);
            ended.add(run);
            await (fails === 0 ? run.fail(new Error('failed')) : run.finish());
            await setImmediate();
            for (const run of runs) if (!ended.has(run)) open.add(run);
          }
          for (const [i, result] of (await Promise.all(results)).entries()) {
            if (typeof result === 'string') expect(result).toMatch(/left|failed/);
            else expect(result).toEqual(range(40 * i, asked[i]!.count));
          }
          await batching.close();
        },
      ),
      { numRuns: 100, seed: 1 },
    );
  });
});

describe('a request that is taken back', () => {
  const reason = new Error('the client has left');

  test('is not drawn if it still waits', async () => {
    const { ask, runs, drawn } = startBatching(2);
    const controller = new AbortController();
    const first = ask(10, 2);
    await setImmediate();
    const dropped = ask(20, 1, controller.signal);
    const last = ask(30, 1);
    controller.abort(reason);
    await expect(dropped).rejects.toBe(reason);
    await runs[0]!.finish();
    await runs[1]!.finish();
    expect(drawn()).toEqual([[10, 11], [30]]);
    expect([await first, await last]).toEqual([[10, 11], [30]]);
    expect(runs[0]!.signal.aborted).toBe(false);
  });

  test('leaves its run to the others in it', async () => {
    const { ask, runs } = startBatching(4);
    const controller = new AbortController();
    const dropped = ask(10, 2, controller.signal);
    const other = ask(20, 2);
    await setImmediate();
    controller.abort(reason);
    await expect(dropped).rejects.toBe(reason);
    expect(runs[0]!.signal.aborted).toBe(false);
    await runs[0]!.finish();
    expect(await other).toEqual([20, 21]);
  });

  test('cancels a run that nobody else is in; the next one waits until it has ended', async () => {
    const { ask, runs, drawn } = startBatching(4);
    const [one, two] = [new AbortController(), new AbortController()];
    const dropped = [ask(10, 1, one.signal), ask(20, 3, two.signal)];
    await setImmediate();
    const next = ask(30, 1);
    one.abort(reason);
    expect(runs[0]!.signal.aborted).toBe(false);
    two.abort(reason);
    expect(runs[0]!.signal.aborted).toBe(true);
    for (const request of dropped) await expect(request).rejects.toBe(reason);
    await setImmediate();
    expect(drawn()).toHaveLength(1);
    await runs[0]!.fail(runs[0]!.signal.reason);
    await runs[1]!.finish();
    expect(await next).toEqual([30]);
  });

  test('is not gone on with after the run it was in, cancelled or not', async () => {
    const { ask, runs, drawn } = startBatching(2);
    const controller = new AbortController();
    const dropped = ask(10, 9, controller.signal);
    await setImmediate();
    controller.abort(reason);
    await expect(dropped).rejects.toBe(reason);
    await runs[0]!.finish();
    expect(drawn()).toEqual([[10, 11]]);
  });

  test('is not taken up at all if it comes taken back', async () => {
    const { ask, runs } = startBatching(2);
    await expect(ask(10, 1, AbortSignal.abort(reason))).rejects.toBe(reason);
    await setImmediate();
    expect(runs).toEqual([]);
  });

  test('leaves nothing on its signal, nor does one that is answered', async () => {
    const { ask, runs } = startBatching(1);
    const { signal } = new AbortController();
    const asked = [ask(10, 1, signal), ask(20, 1, signal)];
    await setImmediate();
    expect(getEventListeners(signal, 'abort')).toHaveLength(2);
    await runs[0]!.finish();
    await runs[1]!.fail(reason);
    await Promise.allSettled(asked);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('what fails', () => {
  test('a run, for all that were in it and nobody else', async () => {
    const { ask, runs, drawn } = startBatching(3);
    const asked = [ask(10, 1), ask(20, 5)];
    await setImmediate();
    asked.push(ask(30, 1));
    await runs[0]!.fail(new Error('out of memory'));
    await runs[1]!.finish();
    expect(drawn()).toEqual([[10, 20, 21], [30]]);
    const results = await Promise.allSettled(asked);
    expect(results).toMatchObject([
      { status: 'rejected', reason: { message: 'out of memory' } },
      { status: 'rejected', reason: { message: 'out of memory' } },
      { status: 'fulfilled', value: [30] },
    ]);
  });

  test('a result that memory has no room for, alone', async () => {
    const { ask, runs } = startBatching(4);
    const asked = [ask(10, 1), ask(20, 2 ** 50)];
    await setImmediate();
    await runs[0]!.finish();
    expect(await asked[0]).toEqual([10]);
    await expect(asked[1]).rejects.toThrow(RangeError);
    expect(runs).toHaveLength(1);
  });
});

test('closing waits for what was asked for before, and refuses what comes later', async () => {
  const { batching, ask, runs } = startBatching(1);
  const asked = ask(10, 2);
  const closed = batching.close();
  await expect(ask(20, 1)).rejects.toThrow('the sampler was closed');
  await setImmediate();
  await runs[0]!.finish();
  expect(await settled(closed)).toBe('pending');
  await runs[1]!.finish();
  expect(await settled(closed)).toBeUndefined();
  expect(await asked).toEqual([10, 11]);
  await batching.close();
});
