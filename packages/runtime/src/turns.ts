/** Runs a task after those it was given before, whether they failed or not. */
export type Turns = <T>(task: () => Promise<T>) => Promise<T>;

/** A queue whose tasks run one at a time, in the order they are given. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const turn = last.then(task);
    // A rejection is its caller's: the next task runs all the same.
    last = turn.catch(() => undefined);
    return turn;
  };
}
