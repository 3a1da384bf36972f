/** What of a run stays as it is while it is trained, what may change, and how it was at an earlier step. */
import * as z from 'zod';
import { networkSchema } from './network.ts';
import type { Run } from './run-folder.ts';

/** What may change when a run is resumed, as paths into run.json. */
const CHANGEABLE = [
  'config.steps',
  'config.recoveries',
  'config.dataDir',
  'config.every.metrics',
  'config.every.checkpoint',
  'config.adam.learningRate',
  'engine',
  'device',
  'threads',
  'tf32',
] as const;

const plainSchema = z.union([z.string(), z.number(), z.boolean()]).optional();

/** A change: a field had one value up to this step, and has another from the next step on. */
export const changeSchema = z.strictObject({
  step: z.int().nonnegative(),
  field: z.enum(CHANGEABLE),
  from: plainSchema,
  to: plainSchema,
  /** Why training made the change itself: it had diverged. */
  why: z.string().optional(),
});

export type Change = z.infer<typeof changeSchema>;

/** A run with its changes up to a step alone; later ones are undone. */
export function runAt(run: Run, step: number): Run {
  const { history = [], ...now } = run;
  const kept = history.filter((change) => change.step < step);
  const then = structuredClone(now);
  for (const { field, from } of history.slice(kept.length).reverse()) put(then, field, from);
  return kept.length > 0 ? { ...then, history: kept } : then;
}

/** What changed at a step between a run as it was and as it goes on, of what may. */
export function changesAt(step: number, was: Run, is: Run): Change[] {
  return CHANGEABLE.flatMap((field) => {
    const [from, to] = [was, is].map((run) => plainSchema.safeParse(at(run, field)).data);
    return from === to ? [] : [{ step, field, from, to }];
  });
}

/** Of a configuration, what a resumed run may change, or what changes no weight. */
const FREE = new Set(['name', 'data', 'dataDir', 'steps', 'recoveries', 'every']);

/** What a checkpoint says of the run it is of: what its weights follow from. */
export const originSchema = z.object({
  config: z.looseObject({ generator: networkSchema, discriminator: networkSchema }),
  dataset: z.object({ sha256: z.string() }),
});

export type Origin = z.infer<typeof originSchema>;

export function originOf({ config, dataset }: Pick<Run, 'config' | 'dataset'>): Origin {
  const { generator, discriminator, ...rest } = config;
  const bound = Object.entries(rest).filter(([key]) => !FREE.has(key));
  return {
    config: { generator, discriminator, ...Object.fromEntries(bound) },
    dataset: { sha256: dataset.sha256 },
  };
}

export interface Difference {
  /** A path into run.json. */
  field: string;
  was: unknown;
  is: unknown;
}

/**
 * The first difference of what weights follow from. A setting that the earlier one lacks is no
 * difference: it was trained before there was that setting.
 */
export function differenceOf(was: Origin, is: Origin): Difference | undefined {
  const known = Object.keys(was.config).map((key) => [key, is.config[key]] as const);
  return difference('', was, { ...is, config: Object.fromEntries(known) });
}

function difference(field: string, was: unknown, is: unknown): Difference | undefined {
  if (!isObject(was) || !isObject(is)) return was === is ? undefined : { field, was, is };
  for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
    const found = difference(field ? `${field}.${key}` : key, was[key], is[key]);
    if (found) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function at(run: Run, field: string): unknown {
  return field
    .split('.')
    .reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), run);
}

function put(run: Run, field: string, value: unknown): void {
  const path = field.split('.');
  const key = path.pop()!;
  const parent = at(run, path.join('.'));
  const holder = path.length > 0 ? parent : run;
  if (isObject(holder)) holder[key] = value;
}
