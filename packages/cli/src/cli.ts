/** Runs a command line: parses it, runs the command, prints its result or its error. */
import { printable } from '@ganport/onnx';
import { UsageError } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { toJson } from './json.ts';
import { createParser, parse } from './parse.ts';

/** Runs one command line and returns the exit code: 0 done, 1 failed, 2 wrong usage, 128 and its number for a signal. */
export async function main(args: readonly string[]): Promise<number> {
  let told = false;
  try {
    if (args.length === 0) {
      createParser(COMMANDS, args, () => {}).showHelp('error');
      return 2;
    }
    const chosen = await parse(COMMANDS, args);
    // `--help` and `--version` print and choose nothing.
    if (!chosen) return 0;
    const { json, text, bytes, exitCode = 0, afterwards } = await chosen.run(log);
    if (bytes) {
      process.stdout.write(bytes);
      log(text);
    } else print(chosen.json ? toJson(json) : text);
    told = true;
    await afterwards?.();
    return exitCode;
  } catch (error) {
    const [code, exitCode] = error instanceof UsageError ? ['usage', 2] : ['failed', 1];
    const message = inOneLine(error);
    if (args.includes('--debug')) console.error(error);
    else log(`ganport: ${message}`);
    // Also where the line could not be parsed. After a result, another document would be none.
    if (args.includes('--json') && !told) print(JSON.stringify({ error: { code, message } }));
    return exitCode;
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

function inOneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return printable(message.trim().replaceAll(/\s*\n\s*/g, ' '));
}
