/** The processes of benchmarks of the service, and what they are told. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { trainOneStep } from './one-step-generator.ts';
import type { Load } from './serving-load.ts';
import type { Order } from './serving-server.ts';

export interface ServingProcesses {
  /** A generator. */
  file: string;
  /** Takes an `Order`. */
  server: ChildProcess;
  /** Each takes a `Load`. */
  load: ChildProcess;
  loadBeside: ChildProcess;
}

/** Runs a task with them, and a generator of a preset to serve; all of them end with it. */
export async function withServing<T>(
  task: (processes: ServingProcesses) => Promise<T>,
  preset: 'quick' | 'dcgan' = 'quick',
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ganport-bench-'));
  const file = join(folder, 'generator.onnx');
  writeFileSync(file, await trainOneStep(preset, preset === 'dcgan' ? 'colour' : 'glyphs'));
  const server = start('serving-server');
  const [load, loadBeside] = [start('serving-load'), start('serving-load')];
  try {
    return await task({ file, server, load, loadBeside });
  } finally {
    for (const child of [server, load, loadBeside]) child.kill();
    rmSync(folder, { recursive: true });
  }
}

function start(name: string): ChildProcess {
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
