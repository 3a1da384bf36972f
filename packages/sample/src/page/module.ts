/**
 * For pages without a bundler that import modules: as `@ganport/sample/web` and `/element`, in one file. onnxruntime-web's
 * files are looked for in the folder ort/ beside it.
 */
import { GanImageElement } from '../element/gan-image.ts';
import { loadWith } from '../web/load.ts';
import type { LoadOptions, PageGenerator } from '../web/types.ts';
import { drawIfWorker, ownThreads } from './own-threads.ts';

export { SampleError } from '../error.ts';
export { BUILDS, RUNTIME_FILES } from '../web/runtime-files.ts';
export type { LoadOptions, PageGenerator, Progress, Wanted } from '../web/types.ts';

drawIfWorker();

/** As that of `@ganport/sample/web`. */
export function loadGenerator(
  model: string | URL | Uint8Array | ArrayBuffer,
  options: LoadOptions = {},
): Promise<PageGenerator> {
  const base = options.base ?? new URL(/* @vite-ignore */ 'ort/', import.meta.url);
  return loadWith(ownThreads(import.meta.url, 'module'), model, { ...options, base });
}

export class GanImage extends GanImageElement {
  static override load = loadGenerator;
}
