/** Where a generator draws: a worker, or where none can be had, the page's own thread. */
import { firstLine } from '@ganport/onnx';
import type { OpenEngine } from './engine.ts';
import type { Port } from './protocol.ts';
import { serve } from './serve.ts';

/** The two ways to the same engine. */
export interface ThreadMaker {
  worker(): Worker;
  /** Its code, for the page's own thread. */
  open(): Promise<OpenEngine>;
}

export interface Thread {
  port: Port;
  /** Why it is the page's own, where it is. */
  obstacle: string | undefined;
  end(): void;
}

export async function startThread(maker: ThreadMaker): Promise<Thread> {
  try {
    return await startWorker(maker);
  } catch (error) {
    const obstacle = `on the page's own thread, for no worker starts: ${firstLine(error)}`;
    return startHere(await maker.open(), obstacle);
  }
}

function startWorker({ worker: make }: ThreadMaker): Promise<Thread> {
  // Throws where the script is another origin's, or trusted types are required.
  const worker = make();
  return new Promise((resolve, reject) => {
    const fail = (event: ErrorEvent) => {
      event.preventDefault();
      worker.terminate();
      reject(new Error(event.message || 'its script cannot be loaded'));
    };
    const end = () => worker.terminate();
    const ready = () => {
      // From now on whatever fails is answered.
      worker.removeEventListener('error', fail);
      resolve({ port: worker, obstacle: undefined, end });
    };
    worker.addEventListener('error', fail);
    worker.addEventListener('message', ready, { once: true });
  });
}

function startHere(open: OpenEngine, obstacle: string): Thread {
  const { port1, port2 } = new MessageChannel();
  serve(port2, open);
  port2.start();
  port1.start();
  const end = () => {
    port1.postMessage({ type: 'close' });
    port1.close();
  };
  return { port: port1, obstacle, end };
}
