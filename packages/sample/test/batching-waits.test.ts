/** How long runs wait to be full, and what is counted of them. */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startBatching } from './slow-batching.ts';

describe('a run that is not full', () => {
  const forever = 2 ** 30;

  test('waits for more where that is wanted, and no longer than until it is full', async () => {
    const { ask, runs, drawn } = startBatching(3, forever);
    const first = ask(10, 2);
    await setImmediate();
    expect(runs).toEqual([]);
    void ask(20, 1);
    await setImmediate();
    expect(drawn()).toEqual([[10, 11, 20]]);
    await runs[0]!.finish();
    expect(await first).toEqual([10, 11]);
  });

  test('begins when the time is over', async () => {
    const { ask, runs, batching } = startBatching(3, 20);
    const began = performance.now();
    const drawn = ask(10, 1);
    while (runs.length === 0) await setImmediate();
    // Timers may be a millisecond early.
    expect(performance.now() - began).toBeGreaterThan(18);
    await runs[0]!.finish();
    expect(await drawn).toEqual([10]);
    await batching.close();
  });

  test('begins at once when nothing more can come', async () => {
    const { ask, runs, batching } = startBatching(3, forever);
    const drawn = ask(10, 1);
    await setImmediate();
    const closed = batching.close();
    await setImmediate();
    await runs[0]!.finish();
    expect(await drawn).toEqual([10]);
    await closed;
  });

  test('is none if all who waited have left', async () => {
    const { ask, runs } = startBatching(2, forever);
    const controller = new AbortController();
    const dropped = ask(10, 1, controller.signal);
    await setImmediate();
    controller.abort();
    await expect(dropped).rejects.toThrow('aborted');
    const asked = ask(20, 2);
    await setImmediate();
    expect(runs.map(({ pictures }) => pictures)).toEqual([[20, 21]]);
    await runs[0]!.finish();
    expect(await asked).toEqual([20, 21]);
  });
});

test('what was drawn, and cancelled, is counted', async () => {
  const { batching, ask, runs } = startBatching(4);
  const controller = new AbortController();
  const asked = ask(10, 6);
  await setImmediate();
  await runs[0]!.finish();
  await runs[1]!.finish();
  await asked;
  expect(batching.stats).toMatchObject({ runs: 2, cancelled: 0, pictures: 6 });
  void ask(20, 1, controller.signal);
  await setImmediate();
  controller.abort();
  await runs[2]!.fail(controller.signal.reason);
  expect(batching.stats).toMatchObject({ runs: 3, cancelled: 1, pictures: 7 });
  expect(batching.stats.milliseconds).toBeGreaterThan(0);
  // Of 4, 2 and 1 pictures.
  expect(batching.stats.batches).toMatchObject({ sum: 7 });
  expect(batching.stats.batches.counts.slice(0, 4)).toEqual([1, 1, 1, 0]);
});

test('how long requests wait for their first run is counted', async () => {
  const { batching, ask, runs } = startBatching(2);
  const asked = ask(10, 3);
  await setImmediate();
  const waited = ask(20, 1);
  await setTimeout(20);
  await runs[0]!.finish();
  await runs[1]!.finish();
  await Promise.all([asked, waited]);
  const { counts, bounds, sum } = batching.stats.waits;
  expect(counts.reduce((all, count) => all + count)).toBe(2);
  expect(sum).toBeGreaterThanOrEqual(0.019);
  expect(counts.findLastIndex((count) => count > 0)).toBeGreaterThanOrEqual(
    bounds.findIndex((bound) => bound >= 0.019),
  );
});
