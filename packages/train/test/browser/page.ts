/** Trains in a page, for web-training.browser.test.ts. */
import { createWebEngine } from '../../src/web.ts';
import { type CaseName, type Trained, trainOn } from '../web-training.ts';

type WebDevice = 'wasm' | 'webgpu';

const api = {
  async train(device: WebDevice, name: CaseName): Promise<Trained> {
    const ort =
      device === 'webgpu'
        ? await import('onnxruntime-web/webgpu')
        : await import('onnxruntime-web/wasm');
    ort.env.wasm.numThreads = 1;
    return trainOn((...of) => createWebEngine(ort, ...of, { device }), name);
  },
};

declare global {
  interface Window {
    training: typeof api;
  }
}

window.training = api;
