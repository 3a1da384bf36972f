/** What a page's browser and policy allow. */
import { firstLine } from '@ganport/onnx';
import { SampleError } from '../error.ts';
import type { Build } from './runtime-files.ts';

/** Why `auto` should not try WebGPU, if so. `navigator.gpu` alone proves nothing. */
export async function findObstacle(): Promise<string | undefined> {
  if (!navigator.gpu) return 'this browser has no WebGPU here';
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  if (!adapter) return 'WebGPU finds no GPU here';
  if (adapter.info.isFallbackAdapter) return 'WebGPU has only a software adapter here';
  try {
    (await adapter.requestDevice()).destroy();
  } catch (error) {
    // The runtime would load megabytes first, and say a number.
    return `WebGPU gives no device here: ${firstLine(error)}`;
  }
  return undefined;
}

/** The smallest build that has WebGPU. */
export function buildForWebGpu(): Build {
  return 'Suspending' in WebAssembly ? 'jspi' : 'asyncify';
}

/** A module of nothing: its magic number and version. */
const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** @throws SampleError that names the directive, where the policy of the page or the worker forbids WebAssembly */
export function expectWebAssembly(): void {
  if (typeof WebAssembly !== 'object') throw new SampleError('this browser has no WebAssembly');
  try {
    new WebAssembly.Module(EMPTY_MODULE);
  } catch {
    throw new SampleError(
      "the Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src, or take the small runtime",
    );
  }
}
