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
    const settings = settingsOf(rest);
    settings.set('generator', generators(generator));
    return settings.set('discriminator', discriminators(discriminator));
  });
  const paths = [...new Set(all.flatMap((settings) => [...settings.keys()]))];
  const differing = paths.filter((path) => {
    return new Set(all.map((settings) => settings.get(path))).size > 1;
  });
  return all.map((settings) => {
    return Object.fromEntries(differing.map((path) => [path, settings.get(path) ?? null]));
  });
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
