/** Chooses WebGPU or WebAssembly for this page, and loads the build of onnxruntime-web for it. */
import type * as Ort from 'onnxruntime-web';
import { createSampler, type Sampler } from './sampler.ts';

export const DEVICES = ['auto', 'webgpu', 'wasm'] as const;
export type Device = (typeof DEVICES)[number];

export interface PageSampler {
  sampler: Sampler;
  /** What draws, and where that is not what was hoped for, why. */
  how: string;
}

/** Why WebGPU failed earlier in this tab: after a failed start a runtime needs a fresh load. */
const FAILURE_KEY = 'ganport: WebGPU failed';

/**
 * A sampler on the device asked for. `auto` takes WebGPU where there is a real GPU. If WebGPU fails
 * there, the page reloads itself once and draws with WebAssembly, and `how` says why.
 */
export async function loadSampler(device: Device, model: Uint8Array): Promise<PageSampler> {
  if (device !== 'auto') return loadOn(device, model);
  const obstacle = sessionStorage.getItem(FAILURE_KEY) ?? (await findObstacle());
  if (obstacle) {
    const { sampler, how } = await loadOn('wasm', model);
    return { sampler, how: `${how} (${obstacle})` };
  }
  try {
    return await loadOn('webgpu', model);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    sessionStorage.setItem(FAILURE_KEY, `WebGPU failed: ${reason}`);
    location.reload();
    // The page is about to go: nothing after this may run.
    return new Promise(() => {});
  }
}

/** Why `auto` should not try WebGPU, if so. `navigator.gpu` alone proves nothing. */
async function findObstacle(): Promise<string | undefined> {
  if (!navigator.gpu) return 'this browser has no WebGPU here';
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  if (!adapter) return 'WebGPU finds no GPU here';
  if (adapter.info.isFallbackAdapter) return 'WebGPU has only a software adapter here';
  return undefined;
}

async function loadOn(device: 'webgpu' | 'wasm', model: Uint8Array): Promise<PageSampler> {
  const base = new URL('ort/', document.baseURI).href;
  const ort: typeof Ort = await import(/* @vite-ignore */ `${base}ort.${device}.min.mjs`);
  ort.env.wasm.wasmPaths = base;
  // Threads would need cross-origin isolation.
  ort.env.wasm.numThreads = 1;
  const sampler = await createSampler({ model, ort, providers: [device] });
  return { sampler, how: device === 'wasm' ? 'WebAssembly' : `WebGPU · ${await adapterName(ort)}` };
}

/** The GPU that the runtime opened. */
async function adapterName(ort: typeof Ort): Promise<string> {
  const { vendor, architecture, device, description } = (await ort.env.webgpu.device).adapterInfo;
  return description || [vendor, architecture, device].filter(Boolean).join(' ') || 'unnamed GPU';
}
