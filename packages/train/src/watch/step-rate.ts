/** Steps per second, as one who reads a log now and then sees them. */

/** Speed is measured over the last seconds. */
const OVER_MS = 30_000;

/** @returns what is told of steps and milliseconds, and says steps per second once there are two to compare */
export function stepRate(): { at(step: number, time: number): number | undefined } {
  let marks: { step: number; time: number }[] = [];
  return {
    at(step, time) {
      const last = marks.at(-1);
      if (last && step < last.step) marks = [];
      if (step !== last?.step) marks.push({ step, time });
      while (marks.length > 2 && time - marks[0]!.time > OVER_MS) marks.shift();
      const [first, newest] = [marks[0]!, marks.at(-1)!];
      // Lines come many steps at a time: from the first to the newest, whenever it is asked.
      return newest.step > first.step
        ? (1000 * (newest.step - first.step)) / (newest.time - first.time)
        : undefined;
    },
  };
}
