/** Room for the rest of the process between a graph's nodes: TensorFlow.js blocks the event loop. */
import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';

/** Milliseconds of work between two turns of the event loop, if no single node takes longer. */
const INTERVAL = 10;

export interface Pauses {
  /** Makes the engine's backend TensorFlow.js's current one: another engine may have chosen its own since. */
  resume(): Promise<void>;
  /** What to wait for, if it is time. @throws the signal's reason once it is aborted */
  pause(signal?: AbortSignal): Promise<void> | undefined;
}

export function createPauses(backend: string): Pauses {
  let last = performance.now();
  const resume = async () => {
    if (tf.getBackend() !== backend) await tf.setBackend(backend);
  };
  return {
    resume,
    pause(signal) {
      signal?.throwIfAborted();
      if (performance.now() - last < INTERVAL) return undefined;
      return setImmediate().then(() => {
        last = performance.now();
        return resume();
      });
    },
  };
}
