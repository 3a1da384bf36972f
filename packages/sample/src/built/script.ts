/**
 * For a script tag: defines `<gan-image>`, and has `loadGenerator` at `window.ganport`. onnxruntime-web's files are looked for
 * in the folder ort/ beside it.
 */
import { GanImageElement } from '../element/gan-image.ts';
import { loadWith } from '../web/load.ts';
import type { LoadOptions, PageGenerator } from '../web/types.ts';
import { drawIfWorker, ownThreads } from './own-threads.ts';

declare global {
  interface Window {
    ganport: {
      loadGenerator(
        model: string | URL | Uint8Array | ArrayBuffer,
        options?: LoadOptions,
      ): Promise<PageGenerator>;
      GanImage: typeof GanImageElement;
    };
  }
}

if (!drawIfWorker()) {
  const script = (document.currentScript as HTMLScriptElement).src;
  const threads = ownThreads(script, 'classic');
  const loadGenerator: Window['ganport']['loadGenerator'] = (model, options = {}) =>
    loadWith(threads, model, { ...options, base: options.base ?? new URL('ort/', script) });
  class GanImage extends GanImageElement {
    static override load = loadGenerator;
  }
  window.ganport = { loadGenerator, GanImage };
  if (!customElements.get('gan-image')) customElements.define('gan-image', GanImage);
}
