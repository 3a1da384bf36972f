/** How often values were in which range: what is kept of all of them. */
export interface Histogram {
  /** Ascending; a value counts at the first that it is no larger than. */
  readonly bounds: readonly number[];
  /** By bound, and of those above all of them. */
  readonly counts: readonly number[];
  /** Of all values. */
  readonly sum: number;
}

export function createHistogram(
  bounds: readonly number[],
): Histogram & { add(value: number): void } {
  const counts = [...bounds, Number.POSITIVE_INFINITY].map(() => 0);
  let sum = 0;
  return {
    ...{ bounds, counts },
    get sum() {
      return sum;
    },
    add(value) {
      const above = bounds.findIndex((bound) => value <= bound);
      counts[above < 0 ? bounds.length : above]! += 1;
      sum += value;
    },
  };
}
