/** What every command of `ganport` is made of. */
import type { Argv } from 'yargs';

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
  /** 0 unless given. */
  exitCode?: number;
  /** What goes on after the result is printed: a server serves. */
  afterwards?: () => Promise<void>;
}

export interface Command<Options> {
  /** As yargs takes it: `sample <model>`. */
  usage: string;
  describe: string;
  /** Arguments as they are typed after `ganport`, each with what it does. */
  examples: readonly (readonly [string, string])[];
  options(yargs: Argv): Argv<Options>;
  run(options: Options, log: Log): Promise<Result>;
}

/** Infers a command's options from what it declares. */
export function command<Options>(definition: Command<Options>): Command<Options> {
  return definition;
}
