/** Threads of a built script, which is its own worker: one file under one address, as strict policies allow. */
import type { OpenEngine } from '../web/engine.ts';
import type { Threads } from '../web/load.ts';
import { inFolder, runtimeLoader } from '../web/load-runtime.ts';
import { ortEngine } from '../web/ort-engine.ts';
import type { Port } from '../web/protocol.ts';
import { serve } from '../web/serve.ts';
import { openSmall } from '../web/small-engine.ts';

/** A worker has its runtime's name, after this. */
const PREFIX = 'ganport ';

const ENGINES: Readonly<Record<keyof Threads, OpenEngine>> = {
  small: openSmall,
  onnxruntime: (ask, events) => ortEngine(runtimeLoader(inFolder(ask.base!)))(ask, events),
};

/** Draws, if this is a worker that `ownThreads` started. */
export function drawIfWorker(): boolean {
  const { document, name } = globalThis as { document?: Document; name?: string };
  if (document || !name?.startsWith(PREFIX)) return false;
  const runtime = name.slice(PREFIX.length) as keyof Threads;
  serve(globalThis as unknown as Port, ENGINES[runtime]);
  return true;
}

/** @param script address of the script that calls `drawIfWorker` */
export function ownThreads(script: string, type: WorkerType): Threads {
  const maker = (runtime: keyof Threads) => ({
    worker: () => new Worker(script, { type, name: `${PREFIX}${runtime}` }),
    open: async () => ENGINES[runtime],
  });
  return { small: maker('small'), onnxruntime: maker('onnxruntime') };
}
