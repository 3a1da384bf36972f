/** onnxruntime-web, loaded when it is needed: its scripts from a folder, or as a bundler keeps them. */
import type { WebRuntime } from '@ganport/runtime';
import type * as Ort from 'onnxruntime-web';
import { SampleError } from '../error.ts';
import { fetchBytes } from './fetch-bytes.ts';
import { type Build, RUNTIME_FILES } from './runtime-files.ts';

type LoadedRuntime = typeof Ort & WebRuntime;

export type LoadRuntime = (
  build: Build,
  threads: number,
  progress: (loaded: number, total: number | undefined) => void,
) => Promise<LoadedRuntime>;

/** Where a build is. */
export interface RuntimePlace {
  script(): Promise<typeof Ort>;
  wasm: string;
  /** Folder of the script's own parts, where they are files of their own. */
  folder?: string;
}

/** @throws SampleError if a file of it cannot be had */
export function runtimeLoader(placeOf: (build: Build) => RuntimePlace): LoadRuntime {
  return async (build, threads, progress) => {
    const { script, wasm, folder } = placeOf(build);
    // Both at once; the megabytes go through our hands, so that there is something to tell of them.
    const [ort, binary] = await Promise.all([
      script().catch((error) => {
        throw new SampleError(`the runtime's script cannot be loaded: ${error.message}`);
      }),
      fetchBytes(wasm, { progress, what: 'the runtime' }).catch((error) => {
        if (folder !== undefined) throw error;
        // A development server puts nothing at a bundler's addresses: there the script finds its own.
        return undefined;
      }),
    ]);
    if (binary) ort.env.wasm.wasmBinary = binary.buffer;
    if (folder !== undefined) ort.env.wasm.wasmPaths = folder;
    ort.env.wasm.numThreads = threads;
    return ort;
  };
}

/** @param base ends in a slash */
export function inFolder(base: string): (build: Build) => RuntimePlace {
  return (build) => {
    const { script, wasm } = RUNTIME_FILES[build];
    const url = new URL(script, base).href;
    return {
      script: () => import(/* @vite-ignore */ /* webpackIgnore: true */ url),
      wasm: new URL(wasm, base).href,
      folder: base,
    };
  };
}
