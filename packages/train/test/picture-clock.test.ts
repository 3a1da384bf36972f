import { expect, test } from 'vitest';
import { pictureClock } from '../src/picture-clock.ts';

/** The seconds at which pictures are taken that are looked for every half second. */
function taken(seconds: number): number[] {
  let time = 1e9;
  const clock = pictureClock(() => time);
  const times: number[] = [];
  for (let second = 0; second <= seconds; second += 0.5) {
    time = 1e9 + second * 1000;
    if (!clock.due()) continue;
    times.push(second);
    clock.taken();
  }
  return times;
}

test('pictures come soon, and with time less often', () => {
  expect(taken(20)).toEqual([5, 10, 15, 20]);
  const [hour, day] = [taken(3600), taken(86_400)];
  expect(hour.length).toBeLessThan(110);
  expect(day.length - hour.length).toBeLessThan(70);
  expect(hour.at(-1)! - hour.at(-2)!).toBeGreaterThan(120);
});

test('one that was taken for another reason counts', () => {
  let time = 0;
  const clock = pictureClock(() => time);
  time = 4900;
  clock.taken();
  time = 5000;
  expect(clock.due()).toBe(false);
  time = 9900;
  expect(clock.due()).toBe(true);
});
