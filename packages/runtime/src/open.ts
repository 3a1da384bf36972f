/** Opens a model with the runtime at hand in Node. */
import { KoffiError } from './native/library.ts';
import { type NativeOptions, openNative } from './native/program.ts';
import { openNode } from './node-program.ts';
import type { Program } from './program.ts';

export interface OpenOptions extends NativeOptions {
  /**
   * libonnxruntime called directly, or through onnxruntime-node, which copies the state in each run, holds
   * the event loop and has none of CUDA's options. By default the first, or the second where koffi does
   * not load.
   */
  runtime?: 'native' | 'node';
}

/** @throws RuntimeError in one line if the model or the device does not work */
export async function openProgram(
  model: Uint8Array,
  { runtime, ...options }: OpenOptions,
): Promise<Program> {
  if (runtime === 'node') return openNode(model, options);
  try {
    return await openNative(model, options);
  } catch (error) {
    if (runtime === undefined && error instanceof KoffiError) return openNode(model, options);
    throw error;
  }
}
