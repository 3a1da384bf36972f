/** Timing of several contenders against each other on a machine whose speed drifts. */

export interface Runner {
  /** Steps come in multiples of these; 1 by default. */
  readonly stepsPerRun?: number;
  /** @returns seconds that the steps took */
  run(steps: number): Promise<number>;
}

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A round of a contender takes about this many seconds, and one run at least. */
const ROUND_SECONDS = 1;

/**
 * Runs the contenders in turns, A B C A B C …, so that what slows the machine for a while slows them
 * alike. Each has a warm-up first, which also decides how many steps a round takes.
 * @param onFailure told of a contender whose run fails, which then has no more turns; without it,
 * the first failure is thrown
 * @returns seconds per step, a list of `rounds` for each contender
 */
export async function interleave<R extends Runner>(
  contenders: readonly R[],
  rounds: number,
  onFailure?: (contender: R, error: unknown) => void,
): Promise<number[][]> {
  const times: number[][] = contenders.map(() => []);
  const steps: number[] = [];
  const out = new Set<R>();
  /** Gives every contender that is still there a turn. */
  const everyone = async (turn: (contender: R, index: number) => Promise<void>) => {
    for (const [index, contender] of contenders.entries()) {
      if (out.has(contender)) continue;
      try {
        await turn(contender, index);
      } catch (error) {
        if (!onFailure) throw error;
        out.add(contender);
        onFailure(contender, error);
      }
    }
  };
  await everyone(async (contender, index) => {
    steps[index] = await warmUp(contender);
  });
  for (let round = 0; round < rounds; round += 1) {
    await everyone(async (contender, index) => {
      times[index]!.push((await contender.run(steps[index]!)) / steps[index]!);
    });
  }
  return times;
}

/**
 * Steps once, then for about a round: pools of threads take that long to reach their speed.
 * @returns the steps of a round
 */
async function warmUp(contender: Runner): Promise<number> {
  const { stepsPerRun = 1 } = contender;
  const stepsFor = (seconds: number, steps: number) => {
    const runs = (ROUND_SECONDS * steps) / seconds / stepsPerRun;
    return stepsPerRun * Math.max(1, Math.round(runs));
  };
  const steps = stepsFor(await contender.run(stepsPerRun), stepsPerRun);
  return stepsFor(await contender.run(steps), steps);
}

export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** How many times longer than `base` it took: the median of the ratios within each round. */
export function medianRatio(times: readonly number[], base: readonly number[]): number {
  return median(times.map((time, round) => time / base[round]!));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
