import { type ChildProcess, fork } from 'node:child_process';
import type { ContenderEntry, ContenderOptions, Reply, Request } from './contender.ts';

/**
 * A contender in a child process, so that its peak memory is its own and a crash ends nothing else.
 * Whoever starts one ends it, with `end` or `kill`.
 */
export class ContenderProcess {
  readonly name: string;
  readonly description: string;
  readonly #child: ChildProcess;

  private constructor(name: string, description: string, child: ChildProcess) {
    this.name = name;
    this.description = description;
    this.#child = child;
  }

  /** @throws Error with the contender's own reason if it cannot be created. */
  static async start(entry: ContenderEntry, options: ContenderOptions): Promise<ContenderProcess> {
    const child = fork(new URL('./contender-child.js', import.meta.url), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    try {
      const reply = await request(child, { type: 'create', entry, options }, 'ready');
      return new ContenderProcess(entry.name, reply.description, child);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** @returns seconds that the steps took */
  async run(steps: number): Promise<number> {
    return (await request(this.#child, { type: 'run', steps }, 'ran')).seconds;
  }

  /** Ends the process. @returns the most memory it had resident, in bytes */
  async end(): Promise<number> {
    return (await request(this.#child, { type: 'end' }, 'ended')).peakBytes;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Sends a request and waits for its reply, a failure, or the end of the process. */
function request<T extends Reply['type']>(
  child: ChildProcess,
  message: Request,
  expected: T,
): Promise<Extract<Reply, { type: T }>> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null, signal: string | null) => {
      child.off('message', onMessage);
      reject(new Error(`the contender’s process ended with ${signal ?? `exit code ${code}`}`));
    };
    const onMessage = (message: unknown) => {
      child.off('exit', onExit);
      const reply = message as Reply;
      if (reply.type === expected) resolve(reply as Extract<Reply, { type: T }>);
      else reject(new Error(reply.type === 'failed' ? reply.reason : `got ${reply.type}`));
    };
    child.once('exit', onExit);
    child.once('message', onMessage);
    child.send(message, (error) => error && reject(error));
  });
}
