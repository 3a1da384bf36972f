/** The trainer in its worker, as the page calls it. */
import type { TrainEvent } from '@ganport/train/web';
import { proxy, type Remote, wrap } from 'comlink';
import type { ServedTrainer } from './worker.ts';

/** @param onMissing told if the worker's script does not load */
export function startTrainer(onMissing: () => void): Remote<ServedTrainer> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  worker.addEventListener('error', onMissing);
  return wrap<ServedTrainer>(worker);
}

/** What the worker tells the page with. */
export function listener(tell: (event: TrainEvent) => void): typeof tell {
  return proxy(tell);
}
