import { availableParallelism } from 'node:os';
import { ModelError } from '@ganport/model';
import { expect, test } from 'vitest';
import { defaultThreads, threadsNotice } from '../src/threads.ts';

test('as many threads as are best by default are no more than the machine runs', () => {
  expect(defaultThreads()).toBeGreaterThanOrEqual(1);
  expect(defaultThreads()).toBeLessThanOrEqual(availableParallelism());
  expect(threadsNotice(defaultThreads())).toBeUndefined();
});

test.each([
  [1, 1],
  [2, 2],
  [64, 64],
])('%i threads on %i are nothing to say', (threads, available) => {
  expect(threadsNotice(threads, available)).toBeUndefined();
});

test.each([
  [3, 2, '--threads 3 is slower than 2: this machine runs 2 at once'],
  [16, 1, '--threads 16 is slower than 1: this machine runs 1 at once'],
  [256, 64, '--threads 256 is slower than 64: this machine runs 64 at once'],
])('%i threads on %i are told', (threads, available, said) => {
  expect(threadsNotice(threads, available)).toBe(said);
});

test.each([
  [17, 2, 16],
  [1024, 2, 16],
  [257, 64, 256],
])('%i threads on %i are refused', (threads, available, most) => {
  expect(() => threadsNotice(threads, available)).toThrow(
    new ModelError(
      `--threads: expected at most ${most}, as this machine runs ${available} at once, got ${threads}`,
    ),
  );
});
