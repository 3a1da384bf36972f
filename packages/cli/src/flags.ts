/** Kinds of flags. Each takes a value: `--steps` without one is an error, not the default. */
import { parseWholeNumber } from '@ganport/model';
import { DEVICES } from '@ganport/runtime/node';
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

/** Flags that every command takes. */
export const EVERYWHERE = {
  json: { boolean: true, describe: 'Print one JSON document on stdout' },
  debug: { boolean: true, describe: 'Print stack traces' },
  help: { boolean: true, alias: 'h', describe: 'Show help' },
  version: { boolean: true, describe: 'Show the version' },
} as const;

/** Flags that more than one command takes. */
export const SHARED = {
  device: { ...choice('Where to draw', ['auto', ...DEVICES]), default: 'auto' as const },
  port: {
    ...integer('port', 'Port to listen on; 0 takes a free one', { minValue: 0, maxValue: 65_535 }),
    default: 3000,
  },
} as const;
