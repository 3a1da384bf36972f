/** The worker of the page: runs train in it, so that the page is free. */
import { exportFrom } from '@ganport/export/web';
import { openWeb, type WebRuntime } from '@ganport/runtime';
import { createTrainer, type WebDevice } from '@ganport/train/web';
import { expose, transfer } from 'comlink';

const VERSION = '0.1.0';

/** More than this nobody has measured to pay. */
const MOST_THREADS = 4;

/** Those of a device are loaded when it is asked for: megabytes. */
async function loadRuntime(device: WebDevice): Promise<WebRuntime> {
  const ort =
    device === 'webgpu'
      ? await import('onnxruntime-web/webgpu')
      : await import('onnxruntime-web/wasm');
  const cores = Math.min(navigator.hardwareConcurrency, MOST_THREADS);
  ort.env.wasm.numThreads = crossOriginIsolated ? cores : 1;
  return ort;
}

const trainer = createTrainer({
  loadRuntime,
  versions: { ganport: VERSION },
  async exportGenerator(store, ort) {
    const open = (model: Uint8Array) => openWeb(ort, model, { device: 'wasm' });
    return (await exportFrom(store, { open, version: VERSION })).model;
  },
});

const moved = (bytes: Uint8Array) => transfer(bytes, [bytes.buffer as ArrayBuffer]);

const served = {
  ...trainer,
  zip: async () => moved(await trainer.zip()),
  generator: async () => moved(await trainer.generator()),
};

export type ServedTrainer = typeof served;

expose(served);
