/** Runs that differ only in their seed, together: mean ± deviation. */
import { betterOf } from '../evaluate/measure.ts';
import type { SweepRun } from './plan.ts';
import type { RunRecord } from './results.ts';

interface Spread {
  mean: number;
  /** Standard deviation, of n − 1 degrees of freedom: nothing of one run. */
  deviation: number | undefined;
  n: number;
}

export interface Group {
  /** What varies but for the seed, by the names of its values. */
  settings: Record<string, string>;
  /** How many the runs that are done have taken. */
  steps: number[];
  done: number;
  failed: number;
  /** Scores by name, and "ms per step": of the runs that are done. */
  scores: Record<string, Spread>;
}

const STEP_TIME = 'ms per step';

/**
 * In the order of their first run, also those of which none has begun.
 * @param runs all that the sweep has
 */
export function groupRuns(
  runs: readonly Pick<SweepRun, 'name' | 'settings'>[],
  records: readonly RunRecord[],
): Group[] {
  const byName = new Map(records.map((record) => [record.name, record]));
  const groups = new Map<string, (RunRecord | undefined)[]>();
  for (const { name, settings } of runs) {
    const { seed: _, ...rest } = settings;
    const key = JSON.stringify(rest);
    groups.set(key, [...(groups.get(key) ?? []), byName.get(name)]);
  }
  return [...groups].map(([key, records]) => groupOf(JSON.parse(key), records));
}

function groupOf(settings: Group['settings'], records: readonly (RunRecord | undefined)[]): Group {
  const done = records.filter((record) => record?.status === 'done') as RunRecord[];
  const all = done.map(
    ({ scores, msPerStep }): Readonly<Record<string, number>> => ({
      ...scores,
      ...(msPerStep !== undefined && { [STEP_TIME]: msPerStep }),
    }),
  );
  const names = new Set(all.flatMap(Object.keys));
  return {
    settings,
    steps: [...new Set(done.map(({ step }) => step))].sort((a, b) => a - b),
    done: done.length,
    failed: records.filter((record) => record?.status === 'failed').length,
    scores: Object.fromEntries(
      [...names].map((name) => [name, spreadOf(all.flatMap((of) => of[name] ?? []))]),
    ),
  };
}

function spreadOf(values: readonly number[]): Spread {
  const n = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, deviation: n > 1 ? Math.sqrt(squares / (n - 1)) : undefined, n };
}

/**
 * As Markdown.
 * @param columns scores to show, in this order; by default all there are
 */
export function groupTable(groups: readonly Group[], columns?: readonly string[]): string {
  const axes = [...new Set(groups.flatMap(({ settings }) => Object.keys(settings)))];
  const scores = columns ?? [...new Set(groups.flatMap(({ scores }) => Object.keys(scores)))];
  const head = [...axes, ...scores.map(scoreHead), 'steps', 'runs'];
  const rows = groups.map(({ settings, scores: of, steps, done, failed }) => [
    ...axes.map((axis) => settings[axis] ?? ''),
    ...scores.map((name) => (of[name] ? spreadText(of[name]) : '–')),
    steps.join(', ') || '–',
    countText(done, failed),
  ]);
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

function countText(done: number, failed: number): string {
  const said = [done > 0 && String(done), failed > 0 && `${failed} failed`].filter(Boolean);
  return said.join(', ') || 'not run yet';
}

function scoreHead(name: string): string {
  const better = betterOf(name);
  return better === undefined ? name : `${name} (${better} is better)`;
}

/** Of one run, without ±; so is what is 0 in all. */
function spreadText({ mean, deviation }: Spread): string {
  const [value, spread] = [digits(mean), digits(deviation ?? 0, 2)];
  return deviation === undefined || (value === '0' && spread === '0')
    ? value
    : `${value} ± ${spread}`;
}

/** What is closer to 0 is of rounding: features are float32. */
const LEAST = 1e-6;

function digits(value: number, count = 3): string {
  if (Math.abs(value) < LEAST) return '0';
  return Math.abs(value) >= 10 ** count
    ? value.toFixed(0)
    : String(Number(value.toPrecision(count)));
}
