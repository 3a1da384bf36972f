/** A sampler in a page: on WebGPU or WebAssembly, with the build of onnxruntime-web for it. */
import { firstLine } from '@ganport/onnx';
import { openWeb } from '@ganport/runtime';
import type * as Ort from 'onnxruntime-web';
import { openSampler, type Sampler } from './sampler.ts';

export const DEVICES = ['auto', 'webgpu', 'wasm'] as const;
export type Device = (typeof DEVICES)[number];

export interface LoadOptions {
  /** Address of the folder of onnxruntime-web's files, ending in a slash. */
  base: string;
  /** `auto` takes WebGPU where there is a real GPU and it works, else WebAssembly. */
  device?: Device;
}

export interface LoadedGenerator {
  sampler: Sampler;
  /** What draws, and where that is not what was hoped for, why. */
  how: string;
}

/**
 * Loads a generator.onnx, and checks its golden samples. Whoever calls it closes the sampler.
 * @param model its bytes
 * @throws what `openSampler` throws
 */
export async function loadGenerator(
  model: Uint8Array,
  { base, device = 'auto' }: LoadOptions,
): Promise<LoadedGenerator> {
  if (device !== 'auto') return loadOn(device, model, base);
  let obstacle = await findObstacle();
  if (!obstacle) {
    try {
      return await loadOn('webgpu', model, base);
    } catch (error) {
      // A runtime that failed to start never starts again, but WebAssembly's build is another module.
      obstacle = `WebGPU failed: ${firstLine(error)}`;
    }
  }
  const { sampler, how } = await loadOn('wasm', model, base);
  return { sampler, how: `${how} (${obstacle})` };
}

/** Why `auto` should not try WebGPU, if so. `navigator.gpu` alone proves nothing. */
async function findObstacle(): Promise<string | undefined> {
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

async function loadOn(
  device: 'webgpu' | 'wasm',
  model: Uint8Array,
  base: string,
): Promise<LoadedGenerator> {
  const ort: typeof Ort = await import(/* @vite-ignore */ `${base}ort.${device}.min.mjs`);
  ort.env.wasm.wasmPaths = base;
  // Threads would need cross-origin isolation.
  ort.env.wasm.numThreads = 1;
  const sampler = await openSampler({ model, open: (bytes) => openWeb(ort, bytes, { device }) });
  return { sampler, how: device === 'wasm' ? 'WebAssembly' : `WebGPU · ${await adapterName(ort)}` };
}

/** The GPU that the runtime opened. */
async function adapterName(ort: typeof Ort): Promise<string> {
  const { vendor, architecture, device, description } = (await ort.env.webgpu.device).adapterInfo;
  return description || [vendor, architecture, device].filter(Boolean).join(' ') || 'unnamed GPU';
}
