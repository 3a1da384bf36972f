/** What TensorFlow.js can run on in Node: its packages with a native part, and those without. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import util from 'node:util';
import { ModelError } from '@ganport/model';
import { firstLine } from '@ganport/onnx';
import { type Device, isWholeLibrary } from '@ganport/runtime/node';
import * as tf from '@tensorflow/tfjs';
import { completeWasmKernels } from './wasm-kernels.ts';

/** Two packages with a native part, and two backends without. */
export type TensorFlowBackend = 'tfjs-node-gpu' | 'tfjs-node' | 'wasm' | 'cpu';

/** The backends that serve a device, the best first. */
export function backendsFor(device: Device): readonly TensorFlowBackend[] {
  switch (device) {
    case 'cuda':
      return ['tfjs-node-gpu'];
    case 'cpu':
      return ['tfjs-node', 'wasm', 'cpu'];
    case 'webgpu':
      throw new ModelError(
        'the tensorflow engine has no webgpu in Node; what helps: --engine onnxruntime, or --device cuda or cpu',
      );
  }
}

/**
 * Makes a backend TensorFlow.js's current one.
 * @returns what it is, for a person: "wasm backend, 1 thread"
 * @throws Error that says in one line why it cannot
 */
export async function loadBackend(name: TensorFlowBackend, threads: number): Promise<string> {
  // Leaves out checks of every value, and advice on the console.
  tf.enableProdMode();
  switch (name) {
    case 'tfjs-node-gpu':
      loadNative('@tensorflow/tfjs-node-gpu', threads);
      if (!nativeBackend().isUsingGpuDevice) {
        throw new Error('it finds no GPU that it can use, and would run on the CPU');
      }
      return 'tfjs-node-gpu on CUDA';
    case 'tfjs-node':
      loadNative('@tensorflow/tfjs-node', threads);
      return `tfjs-node, ${count(threads)}`;
    case 'wasm':
      await import('@tensorflow/tfjs-backend-wasm');
      if (!(await keepingHandlers(() => tf.setBackend('wasm')))) {
        throw new Error('it does not start');
      }
      completeWasmKernels();
      // tensorflow/tfjs#3830: it has no threads in Node.
      return `wasm backend, ${count(1)}`;
    case 'cpu':
      await tf.setBackend('cpu');
      return `cpu backend (plain JavaScript), ${count(1)}`;
  }
}

/** Without the handlers that Emscripten adds: they change how the process ends on an error of any kind. */
async function keepingHandlers<T>(load: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = events.map((event) => process.rawListeners(event));
  const result = await load();
  events.forEach((event, i) => {
    for (const handler of process.rawListeners(event)) {
      if (!before[i]!.includes(handler)) process.off(event, handler as () => void);
    }
  });
  return result;
}

function count(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}

/** The native backend's own name in TensorFlow.js, the same in both packages. */
const NATIVE = 'tensorflow';

function nativeBackend(): { isUsingGpuDevice: boolean } {
  return tf.findBackend(NATIVE) as unknown as { isUsingGpuDevice: boolean };
}

/** Loads a package that registers the native backend and makes it the current one. */
function loadNative(name: string, threads: number): void {
  // Read by TensorFlow when it loads; it prints on stderr what is no error.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  // tfjs-node 4.22 calls both: Node 23 has removed the first and warns of the second.
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value == null,
    isArray: Array.isArray,
  });
  const require = createRequire(import.meta.url);
  try {
    const broken = brokenLibrary(join(dirname(require.resolve(name)), '..'));
    if (broken) throw new Error(`its native part is only half installed: ${broken} is cut off`);
    require(name);
  } catch (error) {
    throw new Error(whyNot(name, error as NodeJS.ErrnoException));
  }
  tf.setBackend(NATIVE);
}

/**
 * The first library of a tfjs-node package that is not whole; undefined if all are. On Linux only, where
 * loading one that was cut off ends the process.
 */
export function brokenLibrary(home: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return ['lib', 'deps']
    .filter((folder) => existsSync(join(home, folder)))
    .flatMap((folder) =>
      readdirSync(join(home, folder), { recursive: true }).map((file) =>
        join(folder, String(file)),
      ),
    )
    .find((file) => /\.node$|\.so[.\d]*$/.test(file) && !isWholeLibrary(join(home, file)));
}

function whyNot(name: string, error: NodeJS.ErrnoException): string {
  const line = firstLine(error);
  if (error.code === 'MODULE_NOT_FOUND' && line.includes(`'${name}'`)) {
    return 'the package is not installed';
  }
  if (/native addon module .* can not be found/.test(line)) return 'its native part is missing';
  if (error.code === 'ERR_DLOPEN_FAILED') return `its native part is only half installed: ${line}`;
  return line;
}
