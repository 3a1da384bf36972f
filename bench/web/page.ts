/** The page of `pnpm bench web`: its worker trains. */
import { wrap } from 'comlink';
import type { BenchPage } from '../src/web-page.ts';

const worker = wrap<BenchPage>(
  new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
);

const api: BenchPage = {
  create: (...of) => worker.create(...of),
  run: (steps) => worker.run(steps),
};
Object.assign(globalThis, api);
