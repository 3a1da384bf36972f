/** What onnxruntime-node can run a model on, and what is said where it cannot. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import { buildModel } from './build.ts';
import { encodeModel } from './codec.ts';
import { firstLine } from './error.ts';
import { Add } from './ops/index.ts';
import type { OrtRuntime } from './runtime.ts';
import { input } from './value.ts';

export const DEVICES = ['cpu', 'webgpu', 'cuda'] as const;
export type Device = (typeof DEVICES)[number];

export interface DeviceStatus {
  works: boolean;
  /** Why it does not. */
  why?: string;
  /** What would make it work. */
  remedy?: string;
}

/**
 * The device's execution provider, as a session's option.
 * @throws Error if CUDA's provider is not, or only half, installed: onnxruntime would print it too
 */
export function executionProviders(
  device: Device,
): readonly InferenceSession.ExecutionProviderConfig[] {
  if (device === 'cuda') expectCuda();
  return [device];
}

/** Runs one addition on a device. */
export async function probeDevice(ort: OrtRuntime, device: Device): Promise<DeviceStatus> {
  const x = input('x', 'float32', [2]);
  const model = encodeModel(buildModel({ name: 'probe', inputs: [x], outputs: { y: Add(x, x) } }));
  try {
    // Severity 4 keeps onnxruntime from printing what is reported here.
    const session = await ort.InferenceSession.create(model, {
      executionProviders: executionProviders(device),
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
    return { works: false, ...explainDeviceError(error, device) };
  }
}

/** Files that onnxruntime-node needs beside its binding to run on CUDA. */
export const CUDA_FILES = [
  'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so',
] as const;

/** The folder of onnxruntime-node's binding, where its providers are looked for. */
export function providerFolder(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  return join(dirname(main), '../bin/napi-v6', process.platform, process.arch);
}

/**
 * Whether CUDA's provider lies next to the binding. `listSupportedBackends()` cannot tell: its
 * `bundled` is about what the npm package holds, and stays false once CUDA has been added.
 */
export function cudaIsInstalled(): boolean {
  return missingCudaFiles().length === 0;
}

function missingCudaFiles(): string[] {
  const folder = providerFolder();
  return CUDA_FILES.filter((file) => !existsSync(join(folder, file)));
}

function expectCuda(): void {
  const missing = missingCudaFiles();
  if (missing.length === CUDA_FILES.length) throw new Error('its provider is not installed');
  if (missing.length > 0) {
    throw new Error(`its provider is only half installed: ${missing.join(', ')} is missing`);
  }
}

const REMEDIES: Record<Device, string> = {
  cpu: 'install the dependencies again: `pnpm install --force`',
  webgpu:
    'a graphics driver with Vulkan, Metal or Direct3D 12; on Linux also the Vulkan loader, libvulkan1',
  cuda: 'an NVIDIA GPU and driver, CUDA 12 with cuDNN 9, and onnxruntime’s CUDA provider: `ganport doctor --install cuda` downloads the last',
};

/** Symptoms in what onnxruntime throws, and what helps against each. */
const SYMPTOMS: readonly (readonly [RegExp, string])[] = [
  [/driver version is insufficient/i, 'update the NVIDIA driver: CUDA 12 needs 525 or newer'],
  [/no CUDA-capable device|no device available/i, 'an NVIDIA GPU, visible to this process'],
  [
    /lib(cublas|cublasLt|cudnn|cufft|curand|cudart|nvrtc)\S*: cannot open/i,
    'install CUDA 12 and cuDNN 9, and put their folders into LD_LIBRARY_PATH',
  ],
  [/out of memory|failed to allocate|bad_alloc/i, 'a smaller --batch, or --device cpu'],
];

/** Why a device does not work and what would help, each in one line, from what onnxruntime threw. */
export function explainDeviceError(
  error: unknown,
  device: Device,
): { why: string; remedy: string } {
  const why = firstLine(error);
  const known = SYMPTOMS.find(([symptom]) => symptom.test(why));
  return { why, remedy: known?.[1] ?? REMEDIES[device] };
}
