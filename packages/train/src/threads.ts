/** How many threads train best. */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { ModelError } from '@ganport/model';

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

/** Times as many threads as the machine runs at once still train, if slowly. */
const MOST_PER_THREAD = 4;
/** So many may be tried on any machine, as for the rounding of another. */
const ALWAYS = 16;

/**
 * What a person should know of more threads than the machine runs at once.
 * @returns nothing where there are not more
 * @throws ModelError where there are so many that training would crawl
 */
export function threadsNotice(
  threads: number,
  available = availableParallelism(),
): string | undefined {
  if (threads <= available) return undefined;
  const most = Math.max(ALWAYS, MOST_PER_THREAD * available);
  const here = `this machine runs ${available} at once`;
  if (threads <= most) return `--threads ${threads} is slower than ${available}: ${here}`;
  throw new ModelError(`--threads: expected at most ${most}, as ${here}, got ${threads}`);
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
