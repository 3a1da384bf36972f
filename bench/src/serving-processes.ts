/** The processes of benchmarks of the service, and what they are told. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Load } from './serving-load.ts';
import type { Order } from './serving-server.ts';

export function start(name: string): ChildProcess {
  return fork(fileURLToPath(new URL(`./${name}.js`, import.meta.url)));
}

/** @returns its reply. @throws Error if it ends without one */
export async function tell<T>(child: ChildProcess, message: Order | Load): Promise<T> {
  const answered = new AbortController();
  const { signal } = answered;
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`a process of the benchmark ended with exit code ${code}`);
  });
  child.send(message);
  try {
    const [reply] = await Promise.race([once(child, 'message', { signal }), ended]);
    return reply as T;
  } finally {
    answered.abort();
  }
}
