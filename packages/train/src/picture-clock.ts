/** When pictures are due by the clock: a person wants to see something soon, and then now and then. */

/** Seconds to the first one, and at least between two. */
const FIRST_S = 5;
/** And between two, of the time that has passed: an hour has 110 of them, a day 60 more. */
const SHARE = 0.05;

/** @param now milliseconds on a clock that never goes back */
export function pictureClock(now: () => number = () => performance.now()): {
  due(): boolean;
  /** Told of a picture, due or not. */
  taken(): void;
} {
  const start = now();
  const after = (time: number) => time + 1000 * Math.max(FIRST_S, (SHARE * (time - start)) / 1000);
  let next = after(start);
  return {
    due: () => now() >= next,
    taken() {
      next = after(now());
    },
  };
}
