import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { ContenderOptions, Reply, Request } from './contender.ts';

/** Variables that tune the libraries below a contender: each gets its threads and nothing else. */
const TUNING = /^(OMP|GOMP|KMP|MKL|OPENBLAS|BLIS|DNNL|ONEDNN|ATEN)_/;

/**
 * A contender in a child process, so that its peak memory is its own and a crash ends nothing else.
 * Whoever starts one ends it, with `end` or `kill`.
 */
export class ContenderProcess {
  readonly description: string;
  readonly parameters: number;
  readonly stepsPerRun: number;
  readonly #connection: Connection;

  private constructor(
    { description, parameters, stepsPerRun = 1 }: Extract<Reply, { type: 'ready' }>,
    connection: Connection,
  ) {
    this.description = description;
    this.parameters = parameters;
    this.stepsPerRun = stepsPerRun;
    this.#connection = connection;
  }

  /**
   * @param command a program that answers requests, and its arguments
   * @param signal kills the process, whatever it is doing
   * @throws Error with the contender's own reason if it cannot be created.
   */
  static async start(
    [program, ...args]: readonly [string, ...string[]],
    options: ContenderOptions,
    signal?: AbortSignal,
  ): Promise<ContenderProcess> {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([key]) => !TUNING.test(key)),
    );
    const child = spawn(program, args, {
      env,
      killSignal: 'SIGKILL',
      ...(signal && { signal }),
    });
    // A broken pipe is followed by the end of the process, which is reported.
    child.stdin.on('error', () => {});
    const lines = createInterface({ input: child.stdout });
    const connection: Connection = { child, lines, lastWords: '' };
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.trim()) connection.lastWords = line.trim();
    });
    try {
      return new ContenderProcess(
        await request(connection, { type: 'create', options }, 'ready'),
        connection,
      );
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** @returns seconds that the steps took */
  async run(steps: number): Promise<number> {
    return (await request(this.#connection, { type: 'run', steps }, 'ran')).seconds;
  }

  /** Ends the process. @returns the most memory it had resident, in bytes */
  async end(): Promise<number> {
    const { peakBytes } = await request(this.#connection, { type: 'end' }, 'ended');
    this.#connection.child.stdin.end();
    return peakBytes;
  }

  kill(): void {
    this.#connection.child.kill('SIGKILL');
  }
}

interface Connection {
  readonly child: ChildProcessWithoutNullStreams;
  /** Its standard output. */
  readonly lines: Interface;
  /** The last line on its standard error: why a process crashed, often. */
  lastWords: string;
}

/** Sends a request and waits for its reply, a failure, or the end of the process. */
function request<T extends Reply['type']>(
  connection: Connection,
  message: Request,
  expected: T,
): Promise<Extract<Reply, { type: T }>> {
  const { child, lines } = connection;
  return new Promise((resolve, reject) => {
    const settle = (error: Error | undefined, reply?: Reply) => {
      child.off('close', onClose).off('error', settle);
      lines.off('line', onLine);
      if (error) reject(error);
      else if (reply?.type === expected) resolve(reply as Extract<Reply, { type: T }>);
      else reject(new Error(reply?.type === 'failed' ? reply.reason : `got ${reply?.type}`));
    };
    const onClose = (code: number | null, signal: string | null) => {
      const { lastWords } = connection;
      const end = `the contender’s process ended with ${signal ?? `exit code ${code}`}`;
      settle(new Error(lastWords ? `${end}: ${lastWords}` : end));
    };
    const onLine = (line: string) => {
      try {
        settle(undefined, JSON.parse(line));
      } catch {
        settle(new Error(`the contender’s process wrote ${JSON.stringify(line)}, not a reply`));
      }
    };
    child.once('close', onClose).once('error', settle);
    lines.once('line', onLine);
    if (child.exitCode !== null || child.signalCode !== null)
      onClose(child.exitCode, child.signalCode);
    else child.stdin.write(`${JSON.stringify(message)}\n`);
  });
}
