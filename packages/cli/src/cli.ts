/** Flags to calls: parses a command line, runs the command, prints its result or its error. */
import yargs, { type Argv } from 'yargs';
import { type Command, type Context, type Result, UsageError } from './command.ts';
import { doctor } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { inspect } from './commands/inspect.ts';
import { sample } from './commands/sample.ts';
import { serve } from './commands/serve.ts';
import { start } from './commands/start.ts';
import { train } from './commands/train.ts';
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

/** Conventional for a process ended by SIGINT. */
const INTERRUPTED = 130;

/** Runs one command line and returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  const interruption = onInterrupt();
  let chosen: (() => Promise<Result>) | undefined;
  const context: Context = {
    signal: interruption.signal,
    json: args.includes('--json'),
    log: (line) => process.stderr.write(`${line}\n`),
  };
  const parser = COMMANDS.reduce<Argv>(
    (all, { usage, describe, options, run }) =>
      all.command(usage, describe, options, (parsed) => {
        chosen = () => run(parsed, context);
      }),
    baseParser(),
  );
  try {
    await parser.parseAsync(args);
    // `--help` and `--version` print and choose nothing.
    if (!chosen) return 0;
    const result = await chosen();
    const text = context.json ? JSON.stringify(result.json, null, 2) : result.text;
    process.stdout.write(`${text}\n`);
    return result.exitCode ?? 0;
  } catch (error) {
    if (args.includes('--debug')) console.error(error);
    else context.log(`ganport: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof UsageError ? 2 : 1;
  } finally {
    interruption.end();
  }
}

function baseParser(): Argv {
  return yargs()
    .scriptName('ganport')
    .usage('$0 <command>\n\nTrain a GAN, export its generator to ONNX, sample it anywhere.')
    .option('json', {
      type: 'boolean',
      describe: 'Print one JSON document on stdout',
      global: true,
    })
    .option('debug', { type: 'boolean', describe: 'Print stack traces', global: true })
    .version(versions().ganport)
    .demandCommand(1, 'which command? `ganport --help` lists them')
    .strict()
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .parserConfiguration({
      'duplicate-arguments-array': false,
      'camel-case-expansion': true,
      'strip-dashed': true,
    })
    .fail((message, error) => {
      throw error ?? new UsageError(message.replaceAll('\n', ' '));
    })
    .exitProcess(false);
}

/** Ctrl-C: the first asks the command to end, a second ends the process at once. */
function onInterrupt(): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    end: () => {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    },
  };
}
