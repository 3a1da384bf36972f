/** Where a run waits between two steps: for whoever pauses it, lets it take single steps, or has it saved. */

export interface Gate {
  /** Asked by the loop after each step, see `LoopHost.pause`; others have the thread meanwhile. */
  pass(): Promise<'save' | undefined>;
  /** Resolves once the run stands still, or has ended. */
  pause(): Promise<void>;
  /** One more step, of a run that is paused. */
  step(): void;
  resume(): void;
  readonly paused: boolean;
  /** Has the run saved as it stands after the step under way, and does a task before the next. Rejects with what ends the run before that. */
  whenSaved<T>(task: () => Promise<T>): Promise<T>;
  /** Nobody asks any more. */
  end(why: Error): void;
}

interface Asked {
  /** Never rejects. */
  run(): Promise<void>;
  reject(why: Error): void;
}

export function createGate(): Gate {
  let paused = false;
  let steps = 0;
  let wake: (() => void) | undefined;
  /** Those who wait for it to stand still. */
  const pausing: (() => void)[] = [];
  const asked: Asked[] = [];
  /** What the loop was told to save, until it asks again. */
  const saving: Asked[] = [];
  let ended: Error | undefined;
  const { port1, port2 } = new MessageChannel();
  /** Lets messages to this thread be heard, without the wait that timers have. */
  const yieldThread = () =>
    new Promise<void>((resolve) => {
      port1.onmessage = () => resolve();
      port2.postMessage(null);
    });
  const again = () => {
    wake?.();
    wake = undefined;
  };
  return {
    async pass() {
      for (const { run } of saving.splice(0)) await run();
      await yieldThread();
      for (;;) {
        if (asked.length > 0) {
          saving.push(...asked.splice(0));
          return 'save';
        }
        if (!paused) return undefined;
        if (steps > 0) {
          steps -= 1;
          return undefined;
        }
        for (const resolve of pausing.splice(0)) resolve();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    pause() {
      paused = true;
      return new Promise((resolve) => {
        if (ended || wake) resolve();
        else pausing.push(resolve);
      });
    },
    step() {
      steps += paused ? 1 : 0;
      again();
    },
    resume() {
      [paused, steps] = [false, 0];
      for (const resolve of pausing.splice(0)) resolve();
      again();
    },
    get paused() {
      return paused;
    },
    whenSaved(task) {
      if (ended) return Promise.reject(ended);
      return new Promise((resolve, reject) => {
        asked.push({ run: () => task().then(resolve, reject), reject });
        again();
      });
    },
    end(why) {
      ended = why;
      port1.close();
      for (const resolve of pausing.splice(0)) resolve();
      for (const { reject } of [...asked.splice(0), ...saving.splice(0)]) reject(why);
    },
  };
}
