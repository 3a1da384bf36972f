/** Flags to calls: parses a command line, runs the command, prints its result or its error. */
import { printable } from '@ganport/onnx';
import yargs, { type Argv } from 'yargs';
import { type Command, type Result, UsageError } from './command.ts';
import { doctor } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { inspect } from './commands/inspect.ts';
import { sample } from './commands/sample.ts';
import { serve } from './commands/serve.ts';
import { start } from './commands/start.ts';
import { train } from './commands/train.ts';
import { programName } from './invocation.ts';
import { toJson } from './json.ts';
import { versions } from './versions.ts';

// biome-ignore lint/suspicious/noExplicitAny: each command knows the type of its own options.
const COMMANDS: readonly Command<any>[] = [
  start,
  train,
  exportCommand,
  sample,
  serve,
  inspect,
  doctor,
];

/** Runs one command line and returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    if (args.length === 0) {
      createParser(() => {}).showHelp('error');
      return 2;
    }
    const chosen = await parse(args);
    // `--help` and `--version` print and choose nothing.
    if (!chosen) return 0;
    const { json, text, exitCode = 0, afterwards } = await chosen.run();
    process.stdout.write(`${chosen.json ? toJson(json) : text}\n`);
    await afterwards?.();
    return exitCode;
  } catch (error) {
    if (args.includes('--debug')) console.error(error);
    else log(`ganport: ${inOneLine(error)}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

interface Chosen {
  /** Whether the result is wanted as JSON. */
  json: boolean;
  run(): Promise<Result>;
}

/** @throws UsageError */
async function parse(args: readonly string[]): Promise<Chosen | undefined> {
  let chosen: Chosen | undefined;
  await createParser((found) => {
    chosen = found;
  }).parseAsync(args);
  return chosen;
}

function createParser(choose: (chosen: Chosen) => void): Argv {
  const program = programName(process.env);
  return COMMANDS.reduce<Argv>((parser, { usage, describe, examples, options, run }) => {
    const build = (command: Argv) =>
      options(command)
        .group(['json', 'debug', 'help', 'version'], 'Everywhere:')
        .usage(`$0 ${usage}\n\n${describe}.`)
        .example(examples.map(([example, does]) => [`$0 ${example}`, does]))
        .fail(usageError(`${program} ${usage.split(' ')[0]} --help`));
    return parser.command(usage, describe, build, (parsed) => {
      choose({ json: parsed.json === true, run: () => run(parsed, log) });
    });
  }, baseParser(program));
}

function baseParser(program: string): Argv {
  return (
    yargs()
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

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

function inOneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return printable(message.trim().replaceAll(/\s*\n\s*/g, ' '));
}
