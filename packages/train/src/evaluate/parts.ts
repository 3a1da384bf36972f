/** Long computations in parts, between which others may have the thread. */

/** Gives its result in the end, and the thread away at each `yield`. */
export type Parts<T> = Generator<void, T>;

export function atOnce<T>(parts: Parts<T>): T {
  for (;;) {
    const next = parts.next();
    if (next.done) return next.value;
  }
}
