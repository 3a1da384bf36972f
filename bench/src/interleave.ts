/** Timing of several contenders against each other on a machine whose speed drifts. */

export interface Runner {
  /** @returns seconds that the steps took */
  run(steps: number): Promise<number>;
}

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A round of a contender takes about this many seconds, and one step at least. */
const ROUND_SECONDS = 1;

/**
 * Runs the contenders in turns, A B C A B C …, so that what slows the machine for a while slows them
 * alike. Each has a warm-up first, which also decides how many steps a round takes.
 * @returns seconds per step, a list of `rounds` for each contender
 */
export async function interleave(
  contenders: readonly Runner[],
  rounds: number,
): Promise<number[][]> {
  const steps: number[] = [];
  for (const contender of contenders) {
    const [first, second] = [await contender.run(1), await contender.run(1)];
    steps.push(Math.max(1, Math.round(ROUND_SECONDS / Math.min(first, second))));
  }
  const times: number[][] = contenders.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      const count = steps[index]!;
      times[index]!.push((await contender.run(count)) / count);
    }
  }
  return times;
}

export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** How many times longer than `base` it took: the median of the ratios within each round. */
export function medianRatio(times: readonly number[], base: readonly number[]): number {
  return median(times.map((time, round) => time / base[round]!));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
