/** A command line to a command and its options. */
import yargs, { type Argv } from 'yargs';
import { type Command, type Log, type Result, UsageError } from './command.ts';
import { programName } from './invocation.ts';
import { versions } from './versions.ts';

// biome-ignore lint/suspicious/noExplicitAny: each command knows the type of its own options.
type Commands = readonly Command<any, any>[];

export interface Chosen {
  /** Whether the result is wanted as JSON. */
  json: boolean;
  run(log: Log): Promise<Result>;
}

/** @returns nothing where help or the version was asked for, and printed. @throws UsageError */
export async function parse(
  commands: Commands,
  args: readonly string[],
): Promise<Chosen | undefined> {
  let chosen: Chosen | undefined;
  await createParser(commands, args, (found) => {
    chosen = found;
  }).parseAsync();
  return chosen;
}

export function createParser(
  commands: Commands,
  args: readonly string[],
  choose: (chosen: Chosen) => void,
): Argv {
  const program = programName(process.env);
  return commands.reduce<Argv>(
    (parser, { usage, describe, examples, run, ...takes }) => {
      const build = (command: Argv) => {
        for (const [name, argument] of Object.entries(takes.arguments)) {
          // Of one value whatever it is: "-" is one.
          command.positional(name, argument as object).nargs(name, 1);
        }
        return command
          .options(takes.flags)
          .group(['json', 'debug', 'help', 'version'], 'Everywhere:')
          .usage(`$0 ${usage}\n\n${describe}.`)
          .example(examples.map(([example, does]) => [`$0 ${example}`, does]))
          .fail(usageError(`${program} ${usage.split(' ')[0]} --help`));
      };
      return parser.command(usage, describe, build, (parsed) => {
        choose({ json: parsed.json === true, run: (log) => run(parsed, log) });
      });
    },
    baseParser(program, args),
  );
}

function baseParser(program: string, args: readonly string[]): Argv {
  return (
    yargs(args)
      .scriptName(program)
      .usage('$0 <command>\n\nTrain a GAN, export its generator to ONNX, sample it anywhere.')
      .option('json', { boolean: true, describe: 'Print one JSON document on stdout' })
      .option('debug', { boolean: true, describe: 'Print stack traces' })
      .epilogue(`\`${program} <command> --help\` tells more of each.`)
      .version(versions().ganport)
      .demandCommand(1, 'a command is missing')
      .strict()
      .recommendCommands()
      .wrap(Math.min(100, process.stdout.columns ?? 100))
      // What errors say is English, so the rest is too.
      .locale('en')
      // Its type leaves out the texts with a plural.
      .updateStrings(MESSAGES as unknown as Record<string, string>)
      .parserConfiguration({
        'boolean-negation': false,
        'camel-case-expansion': false,
        'duplicate-arguments-array': false,
        // Flags check their numbers, so they get them as they were typed.
        'parse-numbers': false,
        'parse-positional-numbers': false,
      })
      .fail(usageError(`${program} --help`))
      .exitProcess(false)
  );
}

/** Texts in place of yargs' own, by its keys. */
const MESSAGES = {
  'Argument: %s, Given: %s, Choices: %s': '--%s is %s, expected one of %s',
  'Did you mean %s?': 'there is no such command; did you mean %s?',
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
