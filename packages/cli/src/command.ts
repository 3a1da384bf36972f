/** What every command of `ganport` is made of. */
import type { Argv } from 'yargs';

/** Wrong usage: exit code 2. What went wrong while doing the right thing exits with 1. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export interface Context {
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal;
  /** Whether a JSON document is wanted on stdout. */
  json: boolean;
  /** Prints a line for a person, to stderr. */
  log(line: string): void;
}

export interface Result {
  /** The document `--json` prints. */
  json: unknown;
  /** What is printed otherwise. */
  text: string;
  /** 0 unless given. */
  exitCode?: number;
}

export interface Command<Options> {
  /** As yargs takes it: `sample <model>`. */
  usage: string;
  describe: string;
  options(yargs: Argv): Argv<Options>;
  run(options: Options, context: Context): Promise<Result>;
}

/** Infers a command's options from what it declares. */
export function command<Options>(definition: Command<Options>): Command<Options> {
  return definition;
}
