/** How many threads train best. */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const CPUS = '/sys/devices/system/cpu';

/**
 * One thread per physical core that this process may use: two threads of one core share its
 * arithmetic units, which a matrix product keeps busy alone. Where the system does not tell cores
 * from threads, one per thread.
 */
export function defaultThreads(): number {
  const threads = availableParallelism();
  return Math.min(threads, physicalCores() ?? threads);
}

/** As Linux counts them; undefined elsewhere. */
function physicalCores(): number | undefined {
  try {
    const cpus = readdirSync(CPUS).filter((name) => /^cpu\d+$/.test(name));
    const siblings = cpus.map((cpu) =>
      readFileSync(`${CPUS}/${cpu}/topology/thread_siblings_list`, 'utf8'),
    );
    return new Set(siblings).size || undefined;
  } catch {
    return undefined;
  }
}
