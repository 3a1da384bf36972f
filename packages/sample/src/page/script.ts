/**
 * For a script tag: defines `<gan-image>`, whose class is at `window.GanImage`; `GanImage.load` is `loadGenerator`.
 * onnxruntime-web's files are looked for in the folder ort/ beside it.
 */
import { GanImageElement } from '../element/gan-image.ts';
import { loadWith } from '../web/load.ts';
import { drawIfWorker, ownThreads } from './own-threads.ts';

declare global {
  interface Window {
    GanImage: typeof GanImageElement;
  }
  interface HTMLElementTagNameMap {
    'gan-image': GanImageElement;
  }
}

if (!drawIfWorker() && globalThis.document) {
  // Of no script tag, it has no address for a worker: then the page's own thread draws.
  const { src: script } = (document.currentScript ?? {
    src: document.baseURI,
  }) as HTMLScriptElement;
  const threads = ownThreads(script, 'classic');
  window.GanImage = class GanImage extends GanImageElement {
    static override load: typeof GanImageElement.load = (model, options = {}) =>
      loadWith(threads, model, { ...options, base: options.base ?? new URL('ort/', script) });
  };
  if (!customElements.get('gan-image')) customElements.define('gan-image', window.GanImage);
}
