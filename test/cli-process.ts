/** The built command in a process of its own, as a user runs it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url));

export interface Exit {
  /** As a shell tells it: 128 and the signal's number, if a signal ended the process. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunningCommand {
  kill(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGKILL'): void;
  /** Resolves once its output matches; rejects if it ends without. */
  printed(pattern: RegExp): Promise<RegExpMatchArray>;
  exit: Promise<Exit>;
}

/** Starts `ganport ...args` in `cwd`, or another command that is put before it. */
export function startCommand(
  args: readonly string[],
  cwd: string,
  before: readonly string[] = [],
): RunningCommand {
  const [command, ...rest] = [...before, process.execPath, MAIN, ...args];
  // Not as the script of a package manager, which the hints would follow.
  const env = { ...process.env, npm_lifecycle_event: undefined };
  const child = spawn(command!, rest, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      written[stream] += text;
    });
  }
  const exit = once(child, 'close').then(([code, signal]): Exit => {
    return { code: code ?? 128 + constants.signals[signal as 'SIGINT'], ...written };
  });
  return {
    exit,
    kill: (signal) => child.kill(signal),
    async printed(pattern) {
      const find = () => (written.stdout + written.stderr).match(pattern);
      while (!find() && child.exitCode === null && child.signalCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const found = find();
      if (!found)
        throw new Error(`ganport ended without ${pattern}: ${JSON.stringify(await exit)}`);
      return found;
    },
  };
}

/** Runs a command to its end. */
export function runCommand(
  args: readonly string[],
  cwd: string,
  before?: readonly string[],
): Promise<Exit> {
  return startCommand(args, cwd, before).exit;
}
