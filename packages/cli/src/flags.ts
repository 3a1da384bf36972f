/** Kinds of flags. Each takes a value: `--steps` without one is an error, not the default. */
import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { parseWholeNumber, quote } from '@ganport/model';
import type { CheckpointChoice } from '@ganport/model/node';
import { DEVICES } from '@ganport/runtime/node';
import { TIME_LIMIT_MS } from '@ganport/sample/node';
import { SOURCES } from '@ganport/train';
import { UsageError } from './command.ts';

/** Above the flags that every command has. */
const group = 'Options:';

/** As zod has them, `z.int().min(1).max(9)`, so that a flag allows what a configuration does. */
interface Range {
  minValue: number | null;
  maxValue: number | null;
}

/** A whole number within a range, in decimal digits. */
export function integer(flag: string, describe: string, { minValue, maxValue }: Range) {
  return {
    requiresArg: true,
    describe,
    group,
    coerce(given: unknown): number {
      const most = maxValue ?? Number.MAX_SAFE_INTEGER;
      const parsed = parseWholeNumber(String(given), minValue ?? 0, most);
      if ('value' in parsed) return parsed.value;
      throw new UsageError(`--${flag}: ${parsed.reason}`);
    },
  } as const;
}

/** A number within a range, as 0.0003 or 3e-4. */
export function number(flag: string, describe: string, { minValue, maxValue }: Range) {
  const [least, most] = [minValue ?? -Infinity, maxValue ?? Infinity];
  return {
    requiresArg: true,
    describe,
    group,
    coerce(given: unknown): number {
      const value = /^-?(\d+\.?|\d*\.\d+)(e[+-]?\d+)?$/i.test(String(given)) ? Number(given) : NaN;
      if (value >= least && value <= most) return value;
      throw new UsageError(
        `--${flag}: expected a number from ${least} to ${most}, got ${quote(given)}`,
      );
    },
  } as const;
}

/** What a command is given without a flag. */
export function argument(describe: string) {
  return { type: 'string', demandOption: true, describe } as const;
}

export function text(describe: string) {
  return { string: true, requiresArg: true, describe, group } as const;
}

export function choice<const T extends string>(describe: string, choices: readonly T[]) {
  return { choices, requiresArg: true, describe, group } as const;
}

/** A data source by its name, or with the path of its files: "folder:cats". */
export function dataSource(describe: string) {
  return {
    requiresArg: true,
    describe: `${describe}: ${SOURCES.join(', ')}; with the path of one's own as folder:PATH`,
    group,
    coerce(given: unknown): string {
      const [name] = String(given).split(':', 1);
      if (SOURCES.some((source) => source === name)) return String(given);
      const expected = `${SOURCES.join(', ')}, or one of them with a path, such as folder:pictures`;
      const meant = existsSync(String(given)) ? `: did you mean ${pathOf(String(given))}?` : '';
      throw new UsageError(`--data: expected ${expected}, got ${quote(given)}${meant}`);
    },
  } as const;
}

/** What is at a path, as a data source; what is in a folder is not known by its name. */
function pathOf(path: string): string {
  const ending = extname(path).slice(1);
  const named = { npy: 'npy', npz: 'npy', parquet: 'parquet' }[ending];
  return (named ? [named] : ['idx', 'folder']).map((source) => `${source}:${path}`).join(' or ');
}

/** Which of a run's checkpoints: latest, best, or a step of which there is one. */
export function checkpointChoice(describe: string) {
  return {
    requiresArg: true,
    describe: `${describe}: latest, best, or the number of its step`,
    group,
    defaultDescription: 'latest',
    coerce(given: unknown): CheckpointChoice {
      if (given === 'latest' || given === 'best') return given;
      // By its file's name, too.
      const [, digits] = /^(?:step-)?(\d{1,15})(?:\.safetensors)?$/.exec(String(given)) ?? [];
      if (digits !== undefined) return Number(digits);
      throw new UsageError(
        `--checkpoint: expected latest, best or a step such as 2000, got ${quote(given)}`,
      );
    },
  } as const;
}

/** The same flag, of which it is seen whether it was given: its default is only told. */
export function withoutDefault<T extends { default: number }>({ default: value, ...flag }: T) {
  return { ...flag, defaultDescription: String(value) } as const;
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The settings whose flags were given. */
export function given<T extends object>(flags: T): Given<T> {
  return Object.fromEntries(
    Object.entries(flags).filter(([, value]) => value !== undefined),
  ) as Given<T>;
}

/** Flags that every command takes. */
export const EVERYWHERE = {
  json: { boolean: true, describe: 'Print one JSON document on stdout' },
  debug: { boolean: true, describe: 'Print stack traces' },
  help: { boolean: true, alias: 'h', describe: 'Show help' },
  version: { boolean: true, describe: 'Show the version' },
} as const;

/** A day. */
const MAX_SECONDS = 86_400;

/** Flags that more than one command takes. */
export const SHARED = {
  device: { ...choice('Where to draw', ['auto', ...DEVICES]), default: 'auto' as const },
  'time-limit': {
    ...integer('time-limit', 'Seconds to load the model and draw its golden samples', {
      minValue: 1,
      maxValue: MAX_SECONDS,
    }),
    default: TIME_LIMIT_MS / 1000,
  },
  port: {
    ...integer('port', 'Port to listen on; 0 takes a free one', { minValue: 0, maxValue: 65_535 }),
    default: 3000,
  },
} as const;
