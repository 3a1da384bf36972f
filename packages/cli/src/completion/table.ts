/** Commands and flags as a shell's completion sees them. */
import type { Options, PositionalOptions } from 'yargs';
import { type AnyCommand, nameOf } from '../command.ts';
import { EVERYWHERE } from '../flags.ts';

/** What may be typed for a value: one of these words, a file's name, or what cannot be completed. */
export type Values = readonly string[] | 'file' | 'other';

export interface CompletedFlag {
  /** As it is typed; the first is the long one. */
  spellings: readonly string[];
  describe: string;
  /** Undefined for a switch, which has none or may go without. */
  values: Values | undefined;
}

export interface CompletedCommand {
  name: string;
  describe: string;
  flags: readonly CompletedFlag[];
  argument: { name: string; values: Values } | undefined;
}

export function completedCommands(commands: readonly AnyCommand[]): CompletedCommand[] {
  return commands.map((command) => {
    const [argument] = Object.entries<PositionalOptions>(command.arguments);
    return {
      name: nameOf(command),
      describe: command.describe,
      flags: Object.entries<Options>({ ...command.flags, ...EVERYWHERE }).map(completedFlag),
      argument: argument && { name: argument[0], values: valuesOf(argument[1]) },
    };
  });
}

function completedFlag([name, options]: [string, Options]): CompletedFlag {
  const { alias, describe = '' } = options;
  const spellings = [`--${name}`, ...(alias ? [`-${alias}`] : [])];
  return { spellings, describe, values: options.requiresArg ? valuesOf(options) : undefined };
}

/** Texts are paths but for few, for which a file's name does no harm. */
function valuesOf({ choices, string, type }: Pick<Options, 'choices' | 'string' | 'type'>): Values {
  if (choices) return choices.map(String);
  return string || type === 'string' ? 'file' : 'other';
}
