/** The worker of the page: runs train in it, so that the page is free. */
import { exportFrom } from '@ganport/export/web';
import { openWeb, type WebRuntime } from '@ganport/runtime';
import { createTrainer, type WebDevice } from '@ganport/train/web';
import { expose, transfer } from 'comlink';

const VERSION = '0.1.0';

/**
 * Those of a device are loaded when it is asked for: megabytes. In an isolated page onnxruntime-web takes a thread for every
 * second core, four at most. They spin while they wait for each other: where others use the cores, more are slower.
 */
async function loadRuntime(device: WebDevice): Promise<WebRuntime> {
  return device === 'webgpu' ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm');
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
