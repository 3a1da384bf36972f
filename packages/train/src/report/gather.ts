/** A curve of any length in few points: each the mean of as many values. */
import { thin } from './chart.ts';
import type { Series } from './series.ts';

/** More than a chart draws, also when they have just become half as many. */
const MOST_POINTS = 1024;

export interface Gathered {
  add(step: number, value: number): void;
  /** All until now, in order. */
  points(): Series;
}

export function gather(most = MOST_POINTS): Gathered {
  let series: Series = [];
  /** Values that make a point, and those of the next one. */
  let each = 1;
  let part: Series = [];
  return {
    add(step, value) {
      part.push([step, value]);
      if (part.length < each) return;
      series.push(...thin(part, 1));
      part = [];
      if (series.length < most) return;
      series = thin(series, most / 2);
      each *= 2;
    },
    points: () => [...series, ...(part.length > 0 ? thin(part, 1) : [])],
  };
}
