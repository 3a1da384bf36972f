/** The backend that an engine runs on: the first that works. */
import { firstLine } from '@ganport/onnx';
import type { Device } from '@ganport/runtime/node';
import * as tf from '@tensorflow/tfjs';
import { EngineError } from '../engine-error.ts';
import { backendsFor, loadBackend, type TensorFlowBackend } from './backend.ts';

export interface TensorFlowOptions {
  device: Device;
  /** Threads within an operator, on the CPU. */
  threads: number;
  /** Backends to try, in this order; by default those of the device. */
  backends?: readonly TensorFlowBackend[];
}

/**
 * Makes it TensorFlow.js's current one.
 * @returns what it is, and why none before it: "TensorFlow.js 4.22.0, wasm backend, 1 thread (tfjs-node: …)"
 * @throws EngineError if none works, with the reasons and a remedy
 */
export async function chooseBackend({
  device,
  threads,
  backends = backendsFor(device),
}: TensorFlowOptions): Promise<string> {
  const reasons: string[] = [];
  for (const name of backends) {
    try {
      const what = await loadBackend(name, threads);
      const before = reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
      return `TensorFlow.js ${tf.version_core}, ${what}${before}`;
    } catch (error) {
      reasons.push(`${name}: ${firstLine(error)}`);
    }
  }
  const why = reasons.join('; ');
  const missing = /native part is (missing|only half)/.test(why);
  const remedy = device === 'cuda' && !missing ? GPU : REMEDIES[device];
  throw new EngineError('tensorflow', device, { why, remedy });
}

const GPU = 'an NVIDIA GPU and driver, which `nvidia-smi` shows';

/** Nothing is downloaded at install; the script takes libtensorflow from TensorFlow's Python package. */
const REMEDIES: Record<Device, string> = {
  cuda: 'its native part, which `bash bench/tfjs-node/build.sh --gpu` makes (Linux x64)',
  cpu: 'the dependencies installed again: `pnpm install --force`',
  webgpu: '--engine onnxruntime',
};
