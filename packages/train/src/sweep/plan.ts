/** A sweep's file, and the runs that it asks for. */
import { createHash } from 'node:crypto';
import { type ImageSize, ModelError, parseOrThrow, quote } from '@ganport/model';
import * as z from 'zod';
import { resolveConfig, type TrainConfig } from '../config.ts';
import { withAbsoluteData } from '../data/absolute-source.ts';
import { LEAST } from '../evaluate/measure.ts';

/** A larger grid is a slip: at a minute each, these take most of a day. */
const MAX_RUNS = 1000;
/** Of a folder's name, most file systems take 255 bytes. */
const MAX_NAME = 120;

const settings = z.record(z.string(), z.unknown());
const named = z.record(z.string(), z.unknown(), {
  error: 'expected settings by that name, such as { "ema": 0.9 }; values of one setting are a list',
});

const sweepSchema = z.strictObject({
  base: settings.default({}),
  vary: z
    .record(z.string().min(1), z.union([z.array(z.unknown()).min(1), z.record(z.string(), named)]))
    .refine((axes) => Object.keys(axes).length > 0, {
      error: 'expected a setting with its values, such as "seed": [0, 1, 2]',
    }),
  eval: z
    .strictObject({
      count: z.int().min(LEAST).max(65_536).default(10_000),
      seed: z.int().nonnegative().default(42),
      features: z.string().optional(),
      checkpoint: z.enum(['latest', 'best']).default('latest'),
    })
    .prefault({}),
});

export type SweepEval = z.infer<typeof sweepSchema>['eval'];

export interface SweepRun {
  /** Of its folder: "loss=hinge,seed=0". */
  name: string;
  /** What varies, by the names of its values. */
  settings: Readonly<Record<string, string>>;
  /** For images of 28 × 28 until `fit` has seen the data. */
  config: TrainConfig;
  fit: (image: ImageSize) => TrainConfig;
  /** Of what is configured, but for the number of steps: a run with more of them goes on. */
  digest: string;
}

export interface SweepPlan {
  /** Each seed's for all else that varies before the next seed's. */
  runs: readonly SweepRun[];
  eval: SweepEval;
}

/** One value of what varies. */
interface Choice {
  axis: string;
  label: string;
  /** What it lays over the settings so far. */
  over: (before: Settings) => Settings;
}

type Settings = Readonly<Record<string, unknown>>;

/**
 * The grid of everything that varies. A setting's values are a list, `"adam.learningRate": [1e-4, 2e-4]`;
 * several settings at once have names, `"with": { "none": {}, "R1": { "penalties": { "r1": 1 } } }`.
 * @param value of the file, parsed
 * @param file its path, for errors
 * @param folder that a `dataDir` is from
 * @throws ModelError for what no sweep is, a configuration that is not valid, and two runs of one name
 */
export function planSweep(value: unknown, file: string, folder: string): SweepPlan {
  const { base, vary, eval: evaluation } = parseOrThrow(sweepSchema, value, file);
  const axes = Object.entries(vary).map(([axis, values]) => choicesOf(axis, values, file));
  const count = axes.reduce((product, { length }) => product * length, 1);
  if (count > MAX_RUNS) {
    const lengths = axes.map(({ length }) => length).join(' × ');
    throw new ModelError(
      `${file}: vary: ${lengths} are ${count} runs: expected at most ${MAX_RUNS}`,
    );
  }
  const grid = bySeed(axes).reduce<Choice[][]>(
    (rows, choices) => rows.flatMap((row) => choices.map((choice) => [...row, choice])),
    [[]],
  );
  const order = Object.keys(vary);
  const runs = grid.map((row) => {
    row.sort((a, b) => order.indexOf(a.axis) - order.indexOf(b.axis));
    return describeRun(row, base, file, folder);
  });
  expectOwnNames(runs, file);
  return { runs, eval: evaluation };
}

/** The seed, if it varies, changes last. */
function bySeed(axes: readonly Choice[][]): Choice[][] {
  const isSeed = ([choice]: Choice[]) => choice!.axis === 'seed';
  return [...axes.filter(isSeed), ...axes.filter((axis) => !isSeed(axis))];
}

function choicesOf(axis: string, values: unknown[] | Record<string, Settings>, file: string) {
  if (Array.isArray(values)) {
    return values.map((value) => ({
      ...{ axis, label: labelOf(value) },
      over: (before: Settings) => ownPart(setAt(before, axis.split('.'), value), axis),
    }));
  }
  const choices = Object.entries(values);
  if (choices.length === 0) {
    throw new ModelError(
      `${file}: vary.${axis}: expected a list of values, or names with their settings, got none`,
    );
  }
  return choices.map(([label, over]) => ({ axis, label, over: () => over }));
}

function describeRun(row: Choice[], base: Settings, file: string, folder: string): SweepRun {
  const name = row.map(({ axis, label }) => `${fileName(axis)}=${fileName(label)}`).join(',');
  if (name.length > MAX_NAME) {
    throw new ModelError(
      `${file}: vary: a run would be called ${quote(name)}: give what has no short name one, as in "vary": { "network": { "wide": { … } } }`,
    );
  }
  let merged = base;
  const sources: [string, unknown][] = [[`${file}: base`, base]];
  for (const { axis, label, over } of row) {
    const part = over(merged);
    merged = { ...merged, ...part };
    sources.push([`${file}: vary: ${axis}=${label}`, part]);
  }
  const resolved = sources.map(
    ([what, given]) => [what, withAbsoluteData(given, what, folder)] as const,
  );
  return {
    name,
    settings: Object.fromEntries(row.map(({ axis, label }) => [axis, label])),
    config: resolveConfig(resolved),
    fit: (image) => resolveConfig(resolved, image),
    digest: digestOf(resolved.map(([, given]) => given)),
  };
}

/** The setting that a path begins with, with all that it has. */
function ownPart(settings: Settings, axis: string): Settings {
  const [first] = axis.split('.') as [string];
  return Object.fromEntries([[first, settings[first]]]);
}

/** Without `steps`, of whichever kind: what follows from it alone goes on. */
function digestOf(sources: readonly unknown[]): string {
  const text = sources.map((given) => {
    const { steps: _, ...rest } = given as Settings;
    return JSON.stringify(rest);
  });
  return createHash('sha256').update(text.join('\n')).digest('hex');
}

function setAt(settings: unknown, [key, ...rest]: readonly string[], value: unknown): Settings {
  const before = isObject(settings) ? settings : {};
  const inner = Object.hasOwn(before, key!) ? before[key!] : undefined;
  // Computed, a key such as "__proto__" is one like any other.
  return { ...before, [key!]: rest.length > 0 ? setAt(inner, rest, value) : value };
}

function isObject(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** hinge, 0.0001, brightness+cutout, r1-1, none. */
function labelOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(labelOf).join('+') || 'none';
  if (isObject(value)) {
    const parts = Object.entries(value).map(([key, of]) => `${key}-${labelOf(of)}`);
    return parts.join('+') || 'none';
  }
  return String(value);
}

/** What a folder can be called everywhere, and a shell takes as it is. */
function fileName(label: string): string {
  return label.replaceAll(/[^\p{L}\p{N}_.+-]+/gu, '_');
}

/** File systems may not tell small letters from capitals. */
function expectOwnNames(runs: readonly SweepRun[], file: string): void {
  const seen = new Set<string>();
  for (const { name } of runs) {
    const key = name.normalize('NFC').toLowerCase();
    if (seen.has(key)) {
      throw new ModelError(
        `${file}: vary: two runs would be called ${quote(name)}: expected values that differ in more than punctuation and case`,
      );
    }
    seen.add(key);
  }
}
