/** What is in use, and by how many, so that it is ended when nobody uses it any longer. */

export interface Holds<T extends object> {
  /** @returns its letting go, once */
  take(thing: T): () => void;
  /** Ends a thing when the last hold on it is let go; at once if there is none. */
  endWhenFree(thing: T, end: () => Promise<void>): void;
  /** Resolves when all that was to be ended has ended. */
  ended(): Promise<void>;
}

export function createHolds<T extends object>(): Holds<T> {
  const counts = new Map<T, number>();
  const ends = new Map<T, () => void>();
  const ending = new Set<Promise<void>>();
  return {
    take(thing) {
      counts.set(thing, (counts.get(thing) ?? 0) + 1);
      let gone = false;
      return () => {
        if (gone) return;
        gone = true;
        const left = counts.get(thing)! - 1;
        if (left > 0) {
          counts.set(thing, left);
          return;
        }
        counts.delete(thing);
        ends.get(thing)?.();
      };
    },
    endWhenFree(thing, end) {
      const free = new Promise<void>((resolve) => {
        if (counts.has(thing)) ends.set(thing, resolve);
        else resolve();
      });
      const ended = free.then(() => {
        ends.delete(thing);
        return end();
      });
      const kept: Promise<void> = ended.finally(() => ending.delete(kept));
      ending.add(kept);
    },
    async ended() {
      await Promise.all(ending);
    },
  };
}
