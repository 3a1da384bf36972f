/** `Program` over libonnxruntime's C interface. */
import { type Backend, createProgram } from '../create-program.ts';
import { expectCudaFiles } from '../cuda.ts';
import { withDevice } from '../device-error.ts';
import { openError } from '../error.ts';
import { type Device, expectOptions } from '../open-options.ts';
import { bindPorts } from '../ports.ts';
import type { Program, ProgramOptions } from '../program.ts';
import { createTurns, type Turns } from '../turns.ts';
import type { Handle, OrtApi } from './api.ts';
import { createBackend } from './backend.ts';
import { cudaCopies, loadCudart, ortCopies } from './copies.ts';
import type { CudaOptions } from './cuda-options.ts';
import { loadOrt } from './library.ts';
import { createScope, type Scope } from './scope.ts';
import { createSession, endProfiling, LOG_FATAL, portsOf } from './session.ts';
import { hostMemory } from './tensors.ts';
import type { Thread } from './thread.ts';

export interface NativeOptions extends ProgramOptions {
  device: Device;
  /** Threads within an operator; 0 lets onnxruntime choose. */
  threads?: number;
  /** Where to write a profile of all runs, when the program is closed: a path's beginning (placement.ts). */
  profilePrefix?: string;
  /** Of the device "cuda". */
  cuda?: CudaOptions;
}

/** What onnxruntime's providers call their memory. */
const DEVICE_MEMORY: Partial<Record<Device, string>> = { webgpu: 'WebGPU_Buffer', cuda: 'Cuda' };

/** All sessions of a process share one WebGPU device, which takes one call at a time. */
const webgpuTurns = createTurns();

/**
 * Opens a model in libonnxruntime. State stays where the device computes, runs leave the event loop free,
 * and a run that is cancelled ends with the operator under way.
 * @param api onnxruntime, if it is not the one inside onnxruntime-node
 * @throws KoffiError if koffi cannot be loaded
 * @throws DeviceError that names the device and what would help, if that does not work
 * @throws RuntimeError in one line if the library or the model does not work
 */
export async function openNative(
  model: Uint8Array,
  options: NativeOptions,
  api?: OrtApi,
): Promise<Program> {
  expectOptions(options);
  const library = api ?? loadOrt();
  const inTurn = options.device === 'webgpu' ? webgpuTurns : createTurns();
  // A Buffer's slice would be no copy.
  const bytes = new Uint8Array(model);
  return inTurn(() => open(library, bytes, options, inTurn));
}

async function open(
  api: OrtApi,
  model: Uint8Array,
  options: NativeOptions,
  inTurn: Turns,
): Promise<Program> {
  const { device, threads = 0, profilePrefix, cuda, state } = options;
  const scope = createScope(api);
  let started: Thread | undefined;
  const end = async () => {
    scope.close();
    await started?.close();
  };
  try {
    if (device === 'cuda') expectCudaFiles();
    const thread = api.startThread();
    started = thread;
    const env = scope.create('Env', 'CreateEnv', LOG_FATAL, 'ganport');
    const settings = { device, threads, profilePrefix, cuda };
    const { session, graphs } = await createSession(scope, thread, env, model, settings);
    const ports = (['Input', 'Output'] as const).map((side) => portsOf(api, session, side));
    const bindings = bindPorts(ports[0]!, ports[1]!, state);
    const memory = {
      scope,
      thread,
      host: hostMemory(scope),
      device: allocatorOf(scope, session, device),
      copy: device === 'cuda' ? cudaCopies(api, thread, loadCudart()) : ortCopies(api, thread, env),
    };
    const backend: Backend = {
      ...(await createBackend({ memory, session, bindings, graphs })),
      description: `onnxruntime ${api.version} on ${nameOf(device, threads)}${graphs ? ', with graphs' : ''}`,
      async close() {
        try {
          if (profilePrefix !== undefined) endProfiling(api, session);
        } finally {
          await end();
        }
      },
    };
    return createProgram(backend, bindings, inTurn);
  } catch (error) {
    await end();
    throw withDevice(openError(error), device);
  }
}

/** What gives memory on the device; undefined for the CPU. */
function allocatorOf(scope: Scope, session: Handle, device: Device): Handle | undefined {
  const name = DEVICE_MEMORY[device];
  if (!name) return undefined;
  const memory = scope.create('MemoryInfo', 'CreateMemoryInfo', name, 0, 0, 0);
  return scope.create('Allocator', 'CreateAllocator', session, memory);
}

function nameOf(device: Device, threads: number): string {
  if (device === 'cpu') return threads ? `the CPU, threads: ${threads}` : 'the CPU';
  return device === 'cuda' ? 'CUDA' : 'WebGPU';
}
