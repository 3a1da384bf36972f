/** What onnxruntime can run a model on in Node, and what is said where it cannot. */
import { buildModel, encodeModel, firstLine, float32, input, ops } from '@ganport/onnx';
import { cudaLoadError } from './cuda.ts';
import { cudaProvider, explainProvider } from './cuda-provider.ts';
import { openProgram } from './open.ts';
import type { Device } from './open-options.ts';

export interface DeviceStatus {
  works: boolean;
  /** Why it does not. */
  why?: string;
  /** What would make it work. */
  remedy?: string;
}

/** Runs one addition on a device. */
export async function probeDevice(device: Device): Promise<DeviceStatus> {
  const x = input('x', 'float32', [2]);
  const model = encodeModel(
    buildModel({ name: 'probe', inputs: [x], outputs: { y: ops.Add(x, x) } }),
  );
  try {
    const program = await openProgram(model, { device });
    try {
      const { y } = await program.run({ x: float32([1, 2]) });
      if (String(y?.data) !== '2,4') throw new Error(`1 + 1 and 2 + 2 gave ${y?.data}`);
    } finally {
      await program.close();
    }
    return { works: true };
  } catch (error) {
    return { works: false, ...explainDeviceError(error, device) };
  }
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
    /half installed|is damaged|invalid ELF header|file too short/,
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

/** Why a device does not work and what would help, each in one line, from what onnxruntime threw. */
export function explainDeviceError(
  error: unknown,
  device: Device,
): { why: string; remedy: string } {
  const line = firstLine(error);
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
