/** A command line to a command and its options. */
import yargs, { type Argv, type PositionalOptions } from 'yargs';
import { type AnyCommand, type Log, nameOf, type Result, UsageError } from './command.ts';
import { EVERYWHERE } from './flags.ts';
import { programName } from './invocation.ts';
import { expectFlags, namedCommand } from './slips.ts';
import { versions } from './versions.ts';

export interface Chosen {
  /** Whether the result is wanted as JSON. */
  json: boolean;
  run(log: Log): Promise<Result>;
}

/** @returns nothing where help or the version was asked for, and printed. @throws UsageError */
export async function parse(
  commands: readonly AnyCommand[],
  typed: readonly string[],
): Promise<Chosen | undefined> {
  // `ganport help train`, as other commands have it.
  const args = typed[0] === 'help' ? [...typed.slice(1), '--help'] : typed;
  const named = namedCommand(commands, args);
  if (named) expectFlags(args, named, helpOf(named));
  let chosen: Chosen | undefined;
  const parser = createParser(commands, args, (found) => {
    chosen = found;
  });
  await parser.parseAsync(args, {}, (_error, _parsed, output) => {
    if (output) console.log(spaced(output));
  });
  return chosen;
}

export function createParser(
  commands: readonly AnyCommand[],
  args: readonly string[],
  choose: (chosen: Chosen) => void,
): Argv {
  return commands.reduce<Argv>(
    (parser, command) =>
      parser.command(command.usage, command.describe, declare(command), (parsed) => {
        choose({ json: parsed.json === true, run: (log) => command.run(parsed, log) });
      }),
    baseParser(args),
  );
}

/** Tells yargs what a command takes. */
function declare(command: AnyCommand): (parser: Argv) => Argv {
  return (parser) => {
    for (const [name, argument] of Object.entries(command.arguments)) {
      parser.positional(name, argument as object);
      // Of one value whatever it is: "-" is one.
      if (!(argument as PositionalOptions).array) parser.nargs(name, 1);
      // Otherwise the last of several is all that is left.
      else parser.parserConfiguration({ ...PARSING, 'duplicate-arguments-array': true });
    }
    return (
      parser
        .options(command.flags)
        .group(Object.keys(EVERYWHERE), 'Everywhere:')
        .usage(`$0 ${command.usage}\n\n${command.describe}.`)
        // Below each other: beside each other yargs would cut an example at half of the line.
        .example(command.examples.map(([example, does]) => [`# ${does}\n$0 ${example}`, '']))
        // To yargs a positional is a flag.
        .fail((message, thrown) => {
          const told = Object.keys(command.arguments).reduce(
            (text, name) => text.replace(`--${name} is`, `${name} is`),
            message ?? '',
          );
          usageError(helpOf(command))(told, thrown);
        })
    );
  };
}

/** Help in which what a flag takes stands apart from what it does: where both just fit in a line, yargs leaves no space. */
function spaced(help: string): string {
  return help.replaceAll(/(?<=\S)\[(?=(?:boolean|string|required|choices:|default:))/g, ' [');
}

function helpOf(command: AnyCommand): string {
  return `${programName(process.env)} ${nameOf(command)} --help`;
}

function baseParser(args: readonly string[]): Argv {
  const program = programName(process.env);
  const { version, ...flags } = EVERYWHERE;
  return (
    yargs(args)
      .scriptName(program)
      .usage('$0 <command>\n\nTrain a GAN, export its generator to ONNX, sample it anywhere.')
      .options(flags)
      .epilogue(`\`${program} <command> --help\` tells more of each.`)
      .version('version', version.describe, versions().ganport)
      .demandCommand(1, 'a command is missing')
      .strict()
      // The last column is for a space that yargs leaves out.
      .wrap(Math.min(100, process.stdout.columns ?? 100) - 1)
      // What errors say is English, so the rest is too.
      .locale('en')
      // Its type leaves out the texts with a plural.
      .updateStrings(MESSAGES as unknown as Record<string, string>)
      .parserConfiguration(PARSING)
      .fail(usageError(`${program} --help`))
      .exitProcess(false)
  );
}

const PARSING = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'duplicate-arguments-array': false,
  // Flags check their numbers, so they get them as they were typed.
  'parse-numbers': false,
  'parse-positional-numbers': false,
} as const;

/** Texts in place of yargs' own, by its keys. */
const MESSAGES = {
  'Argument: %s, Given: %s, Choices: %s': '--%s is %s, expected one of %s',
  'Invalid values:': 'wrong value:',
  'Not enough arguments following: %s': 'a value is missing after --%s',
  'Not enough non-option arguments: got %s, need at least %s': {
    one: 'too few arguments: got %s, expected %s',
    other: 'too few arguments: got %s, expected %s',
  },
  'Unknown argument: %s': { one: 'unknown argument: %s', other: 'unknown arguments: %s' },
};

/** What a flag itself threw is told as it is; what yargs found, with where to read on. */
function usageError(help: string): (message: string, thrown: Error | undefined) => never {
  return (message, thrown) => {
    throw new UsageError(thrown ? message : `${message} (see \`${help}\`)`);
  };
}
