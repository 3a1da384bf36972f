/** Runs probes, each in a process of its own, and survives what they do. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ProbeMessage, ProbeStatus } from './status.ts';

const PROBE = fileURLToPath(new URL('./probe.js', import.meta.url));
const LIMIT_MS = 90_000;

export interface ProbeOptions {
  /** The probe's script. */
  script?: string;
  /** A probe that takes longer is killed. */
  limitMs?: number;
}

/** What a probe with these arguments last told before its process ended. */
export function runProbe(
  args: readonly string[],
  { script = PROBE, limitMs = LIMIT_MS }: ProbeOptions = {},
): Promise<ProbeStatus> {
  return new Promise((resolve) => {
    const child = fork(script, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    let told: ProbeMessage | undefined;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, limitMs);
    const finish = (ended: string) => {
      clearTimeout(timer);
      if (told?.last) return resolve(told.status);
      const why = late ? `no result within ${limitMs / 1000} s` : `its process ended with ${ended}`;
      resolve(told ? { ...told.status, why } : { works: false, why, remedy: REMEDY });
    };
    child.on('message', (message) => {
      told = message as ProbeMessage;
    });
    child.on('error', ({ message }) => finish(message));
    child.on('close', (code, signal) => finish(signal ?? `exit code ${code}`));
  });
}

const REMEDY = 'a newer driver, or another device: training on this one would end the same way';
