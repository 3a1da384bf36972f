/** Opens a model with the runtime at hand in Node. */
import { KoffiError } from './native/library.ts';
import { type NativeOptions, openNative } from './native/program.ts';
import { openNode } from './node-program.ts';
import { expectOptions } from './open-options.ts';
import type { Program } from './program.ts';

export interface OpenOptions extends NativeOptions {
  /**
   * libonnxruntime called directly, or through onnxruntime-node, which copies the state in each run, holds
   * the event loop and has none of CUDA's options. By default the first, or the second where koffi does
   * not load.
   */
  runtime?: 'native' | 'node';
}

/**
 * @throws DeviceError that names the device and what would help, if that does not work
 * @throws RuntimeError in one line if the model does not work
 */
export async function openProgram(model: Uint8Array, given: OpenOptions): Promise<Program> {
  expectOptions(given);
  const { runtime, ...options } = given;
  if (runtime === 'node') return openNode(model, options);
  try {
    return await openNative(model, options);
  } catch (error) {
    if (runtime === undefined && error instanceof KoffiError) {
      return openNode(model, options, error.message);
    }
    throw error;
  }
}
