const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Conventional for what SIGINT ended. */
export const INTERRUPTED = 130;

/**
 * Runs a task whose signal the first Ctrl-C aborts. A second ends the process at once, as Ctrl-C
 * does before and after: the system does it, also while onnxruntime has the thread.
 */
export async function interruptible<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => {
    end();
    controller.abort();
  };
  const end = () => {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await task(controller.signal);
  } finally {
    end();
  }
}
