/** What ends a command early: Ctrl-C, a request to end, and a terminal that is gone. */
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type StopSignal = (typeof SIGNALS)[number];

/**
 * Milliseconds in which what comes is the same request again: a terminal and pnpm both pass Ctrl-C on, and `timeout` signals
 * the command and then its group.
 */
const SAME_MS = 250;

/**
 * Runs a task whose signal is aborted by the first of these, which is its reason. A second, a moment later, ends the
 * process at once, as it does before and after: the system does it, also while onnxruntime has the
 * thread. But not a second SIGHUP: a terminal that goes sends one, its shell another, and systemd one
 * after SIGTERM.
 */
export async function interruptible<T>(
  task: (signal: AbortSignal) => Promise<T>,
  signals: readonly StopSignal[] = SIGNALS,
): Promise<T> {
  const controller = new AbortController();
  const release = () => {
    for (const other of signals) if (other !== 'SIGHUP') process.off(other, interrupt);
  };
  const interrupt = (signal: StopSignal) => {
    if (controller.signal.aborted) return;
    setTimeout(release, SAME_MS).unref();
    controller.abort(signal);
  };
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await task(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

/** Conventional for what a signal ended: 130 after Ctrl-C. */
export function exitCodeOf({ reason }: AbortSignal): number {
  return 128 + constants.signals[reason as StopSignal];
}
