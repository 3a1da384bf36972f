/** Runs beside each other: in what their settings differ, and which is the best on its data. */
import type { Run } from '@ganport/model/node';
import { decisive, isBetter } from '../evaluate/metrics.ts';
import type { RunSummary } from './read-run.ts';

/** What a list of runs says of each anyway, or what says nothing of how it was trained. */
const TOLD = new Set(['name', 'data', 'dataDir', 'seed', 'steps', 'loss', 'every']);

type Plain = string | number | boolean | null;

/**
 * Of each run the settings that are not the same in all, by their paths: "adam.learningRate". Networks are numbered
 * in the order in which they are met.
 */
export function differences(runs: readonly Run[]): Record<string, Plain>[] {
  const [generators, discriminators] = [numbering(), numbering()];
  const all = runs.map(({ config: { generator, discriminator, ...rest } }) => {
    const networks = {
      generator: generators(generator),
      discriminator: discriminators(discriminator),
    };
    return new Map<string, Plain>([...Object.entries(networks), ...settingsOf(rest)]);
  });
  const paths = [...new Set(all.flatMap((settings) => [...settings.keys()]))];
  const differing = paths.filter((path) => {
    return new Set(all.map((settings) => settings.get(path))).size > 1;
  });
  return all.map((settings) => {
    return Object.fromEntries(differing.map((path) => [path, settings.get(path) ?? null]));
  });
}

/** Of each the settings that are unlike the commonest value of all; where no value is, those of all. */
export function uncommon<T>(all: readonly Readonly<Record<string, T>>[]): Record<string, T>[] {
  const common = new Map(Object.keys(all[0] ?? {}).map((path) => [path, commonest(all, path)]));
  return all.map((settings) =>
    Object.fromEntries(
      Object.entries(settings).filter(([path, value]) => value !== common.get(path)),
    ),
  );
}

/** Undefined where two values are as common. */
function commonest<T>(all: readonly Readonly<Record<string, T>>[], path: string): T | undefined {
  const counts = new Map<T, number>();
  for (const { [path]: value } of all) counts.set(value!, (counts.get(value!) ?? 0) + 1);
  const [first, second] = [...counts].sort(([, a], [, b]) => b - a);
  return first![1] === second?.[1] ? undefined : first![0];
}

/** Gives what is the same the same number: "#1". */
function numbering(): (value: unknown) => string {
  const met: string[] = [];
  return (value) => {
    const json = JSON.stringify(value);
    if (!met.includes(json)) met.push(json);
    return `#${met.indexOf(json) + 1}`;
  };
}

/** Settings by path; lists as their JSON. */
function settingsOf(config: object): Map<string, Plain> {
  const found = new Map<string, Plain>();
  const visit = (path: string, value: unknown): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) visit(`${path}.${key}`, inner);
    } else found.set(path, Array.isArray(value) ? JSON.stringify(value) : (value as Plain));
  };
  for (const [key, value] of Object.entries(config)) if (!TOLD.has(key)) visit(key, value);
  return found;
}

/** Of two or more runs on the same data that have scores, the best, by the metric that decides between checkpoints. */
export function bestOnEach(runs: readonly RunSummary[]): RunSummary[] {
  const byData = new Map<string, RunSummary[]>();
  for (const run of runs) {
    const { sha256 } = run.run.dataset;
    if (run.best && decisive(run.best.scores)) {
      byData.set(sha256, [...(byData.get(sha256) ?? []), run]);
    }
  }
  return [...byData.values()]
    .filter((group) => group.length > 1)
    .map((group) => group.reduce((a, b) => (isBetter(b.best!.scores, a.best!.scores) ? b : a)));
}
