/** How long a step takes. */

/** Enough for a median: a run may have millions. */
const MAX_KEPT = 100_000;

export interface StepClock {
  /** Called as training begins and after each step. */
  tick(): void;
  /** Milliseconds of the median step, which a checkpoint between two does not change; nothing before the second. */
  median(): number | undefined;
}

/** @param now milliseconds, from anywhere */
export function stepClock(now: () => number = () => performance.now()): StepClock {
  const took: number[] = [];
  let last: number | undefined;
  let ticks = 0;
  return {
    tick() {
      const time = now();
      ticks += 1;
      // The first step also makes room for its tensors.
      if (last !== undefined && ticks > 2 && took.length < MAX_KEPT) took.push(time - last);
      last = time;
    },
    median() {
      const sorted = took.toSorted((a, b) => a - b);
      return sorted[Math.floor(sorted.length / 2)];
    },
  };
}
