/** What is said where a device does not run a model. */
import { cudaLoadError } from './cuda.ts';
import { cudaProvider, explainProvider } from './cuda-provider.ts';
import { RuntimeError, thrownLine } from './error.ts';
import { REINSTALL } from './native/library.ts';
import type { Device } from './open-options.ts';

/** Why a device does not work and what would help, each in one line. */
export interface Explanation {
  why: string;
  remedy: string;
}

/** That a device does not run a model which others may run. */
export class DeviceError extends RuntimeError implements Explanation {
  readonly why: string;
  readonly remedy: string;

  constructor(device: Device, { why, remedy }: Explanation, cause: unknown) {
    super(`onnxruntime does not run on ${device}: ${why}; it needs ${remedy}`, { cause });
    this.why = why;
    this.remedy = remedy;
  }
}

/** What onnxruntime says of a graph that no device would take. */
const GRAPH_FAULT =
  /invalid model|no graph was found|InferenceError|parsing failed|not a registered|INVALID_GRAPH|NOT_IMPLEMENTED/i;

/** Whether a model is at fault, not the device that was to run it. */
export function isGraphFault(error: unknown): boolean {
  return error instanceof RuntimeError && GRAPH_FAULT.test(error.message);
}

/** What a model's opening threw, with the device and a remedy where the device is at fault. */
export function withDevice(error: unknown, device: Device): unknown {
  // What onnxruntime threw is its cause; state that does not fit, say, is told in ganport's own words.
  const thrown = error instanceof RuntimeError && error.cause !== undefined;
  if (device === 'cpu' || !thrown || isGraphFault(error)) return error;
  return new DeviceError(device, explainDeviceError(error.cause, device), error.cause);
}

const REMEDIES: Record<Device, string> = {
  cpu: 'the dependencies installed again: `pnpm install --force`',
  webgpu:
    'a graphics driver with Vulkan, Metal or Direct3D 12; on Linux also the Vulkan loader, libvulkan1',
  cuda: 'an NVIDIA GPU and driver, CUDA 12 with cuDNN 9, and onnxruntime’s CUDA provider: `ganport doctor --install cuda` downloads the last',
};

/** Symptoms in what onnxruntime and the system's loader say, and what helps against each. */
const SYMPTOMS: readonly (readonly [RegExp, (found: RegExpExecArray) => string])[] = [
  [
    /half installed|is damaged|invalid ELF header|file too short|symbol:? (?:Provider_SetHost|GetProvider)/,
    () => '`ganport doctor --install cuda`, which downloads the provider again',
  ],
  [
    /driver version is insufficient|unsupported toolchain/i,
    () => 'a newer NVIDIA driver: 525 for CUDA 12, 580 for CUDA 13',
  ],
  [/libcuda\.so/, () => 'an NVIDIA driver, which brings libcuda.so.1'],
  [
    /no CUDA-capable device|no device available|invalid device ordinal/i,
    () =>
      'an NVIDIA GPU that this process may use: see `nvidia-smi`, CUDA_VISIBLE_DEVICES, and a container’s --gpus',
  ],
  [
    /libcudnn\w*\.so\.(\d+): cannot open/,
    ([, version]) => `cuDNN ${version}, with its folder in LD_LIBRARY_PATH`,
  ],
  [
    /cuDNN (?:is not available|library was not found)/,
    () => 'cuDNN 9, with its folder in LD_LIBRARY_PATH',
  ],
  [
    /lib(?:cublas|cublasLt|cudart|nvrtc)\.so\.(\d+): cannot open/,
    ([, version]) => `CUDA ${version} and cuDNN 9, with their folders in LD_LIBRARY_PATH`,
  ],
  [
    /lib(?:cufft|curand|nvJitLink)\.so\.\d+: cannot open/,
    () => 'a whole CUDA installation, with its folder in LD_LIBRARY_PATH',
  ],
  [/GLIBC(?:XX)?_[\d.]+['’] not found/, () => 'a newer Linux: its C library is older than that'],
  [
    /undefined symbol: cu/,
    () => 'CUDA libraries of one version: those found in LD_LIBRARY_PATH lack what is needed',
  ],
  [/out of memory|failed to allocate|bad_alloc/i, () => 'a smaller --batch, or --device cpu'],
];

/** As onnxruntime-node says it, and the library itself. */
const NOT_LOADED = /Failed to load (?:shared )?library/;

/** @param error what onnxruntime threw */
export function explainDeviceError(error: unknown, device: Device): Explanation {
  if (error instanceof DeviceError) return { why: error.why, remedy: error.remedy };
  const line = thrownLine(error);
  // No driver helps where onnxruntime itself is missing.
  if (line.endsWith(REINSTALL)) {
    return { why: line.slice(0, -`: ${REINSTALL}`.length), remedy: REMEDIES.cpu };
  }
  const loading = device === 'cuda' && NOT_LOADED.test(line);
  const provider = loading ? cudaProvider() : undefined;
  if (provider && provider.missing.length > 0) return explainProvider(provider);
  const why = (loading && cudaLoadError()) || line;
  for (const [symptom, remedy] of SYMPTOMS) {
    const found = symptom.exec(why);
    if (found) return { why, remedy: remedy(found) };
  }
  return { why, remedy: REMEDIES[device] };
}
