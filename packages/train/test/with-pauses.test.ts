import { expect, test } from 'vitest';
import { atOnce, type Parts } from '../src/evaluate/parts.ts';
import { withPauses } from '../src/evaluate/with-pauses.ts';

/** Counts to `last`, each number in a millisecond in which nobody else has the thread. */
function* counting(last: number): Parts<number> {
  for (let n = 1; ; n++) {
    const start = performance.now();
    while (performance.now() < start + 1);
    if (n === last) return n;
    yield;
  }
}

test('what is in parts is the same at once and with pauses, in which others have the thread', async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  try {
    expect(atOnce(counting(200))).toBe(200);
    expect(turns).toBe(0);
    expect(await withPauses(counting(200))).toBe(200);
    expect(turns).toBeGreaterThanOrEqual(2);
  } finally {
    clearInterval(timer);
  }
});

test('a signal ends it', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort('enough'), 1);
  const started = performance.now();
  await expect(withPauses(counting(60_000), stop.signal)).rejects.toBe('enough');
  expect(performance.now() - started).toBeLessThan(10_000);
});
