/** What every command of `ganport` is made of. */
import type { InferredOptionTypes, Options, PositionalOptions } from 'yargs';

/** Wrong usage: exit code 2. What goes wrong with the right usage exits with 1. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Runs a check of what was asked for: what does not fit is wrong usage. */
export function asUsage<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof Error ? new UsageError(error.message, { cause: error }) : error;
  }
}

/** Prints a line for a person, to stderr. */
export type Log = (line: string) => void;

export interface Result {
  /** The document `--json` prints. */
  json: unknown;
  /** What is printed otherwise. */
  text: string;
  /** What is written to stdout in its place; the text then goes to stderr. */
  bytes?: Uint8Array;
  /** 0 unless given. */
  exitCode?: number;
  /** What goes on after the result is printed: a server serves. */
  afterwards?: () => Promise<void>;
}

type Arguments = Readonly<Record<string, PositionalOptions>>;
export type Flags = Readonly<Record<string, Options>>;

// biome-ignore lint/suspicious/noExplicitAny: each command knows the type of its own options.
export type AnyCommand = Command<any, any>;

export interface Command<A extends Arguments = Arguments, F extends Flags = Flags> {
  /** As yargs takes it: `sample <model>`. */
  usage: string;
  describe: string;
  /** Arguments as they are typed after `ganport`, each with what it does. */
  examples: readonly (readonly [string, string])[];
  /** What `usage` names, which has no flag. */
  arguments: A;
  flags: F;
  run(
    options: InferredOptionTypes<A> & InferredOptionTypes<F> & { json?: boolean },
    log: Log,
  ): Promise<Result>;
}

/** The first word of a command's usage. */
export function nameOf({ usage }: Pick<Command, 'usage'>): string {
  return usage.split(' ')[0]!;
}

/** Infers the type of a command's options from what it declares. */
export function command<const A extends Arguments, const F extends Flags>(
  definition: Command<A, F>,
): Command<A, F> {
  return definition;
}
