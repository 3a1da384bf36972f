/** Something that is done again and again, one time after the other. */

export interface Polling {
  start(): void;
  stop(): void;
}

/**
 * Files are looked at rather than watched: what watches them differs between systems, and misses what changes on network
 * drives, behind links, and in containers.
 * @param everyMs between two looks; 0 is never
 */
export function createPolling(look: () => Promise<unknown>, everyMs: number): Polling {
  let timer: NodeJS.Timeout | undefined;
  let stopped = everyMs === 0;
  const again = () => {
    if (stopped) return;
    timer = setTimeout(() => void look().finally(again), everyMs);
    timer.unref();
  };
  return {
    start: again,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
