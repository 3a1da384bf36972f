/** What a model can run on, in Node. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildModel, encodeModel, input, ops } from '@ganport/onnx';
import * as ort from 'onnxruntime-node';
import { firstLine } from './error.ts';

export const DEVICES = ['auto', 'cpu', 'webgpu', 'cuda'] as const;
export type Device = (typeof DEVICES)[number];

export interface DeviceStatus {
  works: boolean;
  /** Why it does not. */
  why?: string;
  /** What would make it work. */
  remedy?: string;
}

const REMEDIES: Record<Exclude<Device, 'auto'>, string> = {
  cpu: 'install the dependencies again: `pnpm install --force`',
  webgpu:
    'a graphics driver with Vulkan, Metal or Direct3D 12; on Linux also the Vulkan loader, libvulkan1',
  cuda:
    'an NVIDIA driver, CUDA and cuDNN, and the CUDA provider of this onnxruntime-node: ' +
    '`node node_modules/onnxruntime-node/script/install.js` in packages/serve downloads it',
};

/** Runs one addition on a device. */
export async function probeDevice(device: Exclude<Device, 'auto'>): Promise<DeviceStatus> {
  const x = input('x', 'float32', [2]);
  const model = encodeModel(
    buildModel({ name: 'probe', inputs: [x], outputs: { y: ops.Add(x, x) } }),
  );
  try {
    if (device === 'cuda' && !cudaIsInstalled()) throw new Error('its provider is not installed');
    // Severity 4 keeps onnxruntime from printing what is reported here.
    const session = await ort.InferenceSession.create(model, {
      executionProviders: [device],
      logSeverityLevel: 4,
    });
    try {
      const { y } = await session.run({ x: new ort.Tensor('float32', [1, 2], [2]) });
      if (String(y?.data) !== '2,4') throw new Error(`1 + 1 and 2 + 2 gave ${y?.data}`);
    } finally {
      await session.release();
    }
    return { works: true };
  } catch (error) {
    return { works: false, why: firstLine(error), remedy: REMEDIES[device] };
  }
}

/**
 * Whether CUDA's provider lies next to the binding. `listSupportedBackends()` cannot tell: its
 * `bundled` is about what the npm package holds, and stays false once CUDA has been added.
 */
export function cudaIsInstalled(): boolean {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  const bin = join(dirname(main), '../bin/napi-v6', process.platform, process.arch);
  return existsSync(join(bin, 'libonnxruntime_providers_cuda.so'));
}
