/** The trainer in its worker, as the page calls it. */
import type { TrainEvent } from '@ganport/train/web';
import { proxy, type Remote, wrap } from 'comlink';
import type { ServedTrainer } from './worker.ts';

export type PageTrainer = Remote<ServedTrainer>;

export function startTrainer(): PageTrainer {
  return wrap<ServedTrainer>(
    new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
  );
}

/** What the worker tells the page with. */
export function listener(tell: (event: TrainEvent) => void): typeof tell {
  return proxy(tell);
}
