/**
 * Generators in a page, for pages that a bundler makes (Vite, webpack): they draw in a worker, on WebGPU, on WebAssembly or
 * with the small runtime. Pages without a bundler take the built script.
 */
import { loadWith, type Threads } from './web/load.ts';
import type { LoadOptions, PageGenerator } from './web/types.ts';

export { SampleError } from './error.ts';
export { BUILDS, type Build, RUNTIME_FILES, type RuntimeFiles } from './web/runtime-files.ts';
export {
  DEVICES,
  type Device,
  type Forms,
  type LoadOptions,
  type PageGenerator,
  type Progress,
  RUNTIMES,
  type Runtime,
  type Wanted,
} from './web/types.ts';

/** Bundlers read the addresses of workers here; a browser finds them as they are. */
const THREADS: Threads = {
  small: {
    worker: () =>
      new Worker(new URL('./page/small-worker.js', import.meta.url), { type: 'module' }),
    open: async () => (await import('./web/small-engine.ts')).openSmall,
  },
  onnxruntime: {
    worker: () => new Worker(new URL('./page/ort-worker.js', import.meta.url), { type: 'module' }),
    open: async () => (await import('./web/bundled-ort-engine.ts')).openOrt,
  },
};

/**
 * Loads a generator.onnx, and checks its golden samples. `auto` takes the small runtime where a picture is little work, else
 * WebGPU where there is a real GPU and it works, else WebAssembly, and where that is forbidden the small runtime after all;
 * `device`, `runtime` and `reason` say which and why. Whoever loads it disposes of it.
 * @param model its address, relative to the page's, or its bytes, which are copied
 * @throws SampleError in one line if it cannot be had, is no generator of ganport's, was changed, or is drawn otherwise
 * here than where it was exported; the signal's reason
 */
export function loadGenerator(
  model: string | URL | Uint8Array | ArrayBuffer,
  options: LoadOptions = {},
): Promise<PageGenerator> {
  return loadWith(THREADS, model, options);
}
