/** A session for a model on a device, and what it says of the model's inputs and outputs. */
import { DATA_TYPES, type Dim, type DType } from '@ganport/onnx';
import { RuntimeError, thrownLine } from '../error.ts';
import type { Device } from '../open-options.ts';
import type { Port } from '../program.ts';
import type { Handle, OrtApi } from './api.ts';
import { appendCuda, type CudaOptions } from './cuda-options.ts';
import { createScope, type Scope } from './scope.ts';
import type { Thread } from './thread.ts';

export interface SessionOptions {
  device: Device;
  /** Threads within an operator; 0 lets onnxruntime choose. */
  threads: number;
  profilePrefix?: string | undefined;
  cuda?: CudaOptions | undefined;
}

/** OrtLoggingLevel: nothing but what ends the process; what goes wrong is thrown. */
export const LOG_FATAL = 4;
/** GraphOptimizationLevel. */
const OPTIMISE_ALL = 99;

/** How onnxruntime refuses to capture a model's runs: a node is not on CUDA, or is a control flow. */
const NO_GRAPHS = /cannot use the graph capture/;

/**
 * A session, with CUDA's graphs as they are asked for.
 * @param scope the session's owner
 */
export async function createSession(
  scope: Scope,
  thread: Thread,
  env: Handle,
  model: Uint8Array,
  options: SessionOptions,
): Promise<{ session: Handle; graphs: boolean }> {
  const { device, cuda } = options;
  const asked = device === 'cuda' ? (cuda?.graphs ?? false) : false;
  try {
    const session = await createOne(scope, thread, env, model, options);
    return { session, graphs: asked !== false };
  } catch (error) {
    if (asked !== 'where possible' || !NO_GRAPHS.test(thrownLine(error))) throw error;
    const without = { ...options, cuda: { ...cuda, graphs: false } };
    return { session: await createOne(scope, thread, env, model, without), graphs: false };
  }
}

async function createOne(
  scope: Scope,
  thread: Thread,
  env: Handle,
  model: Uint8Array,
  options: SessionOptions,
): Promise<Handle> {
  const { api } = scope;
  const own = createScope(api);
  try {
    const settings = own.create('SessionOptions', 'CreateSessionOptions');
    configure(own, settings, options);
    // Copies whose addresses hold while the thread works.
    const bytes = new Uint8Array(new ArrayBuffer(Math.max(1, model.length)));
    bytes.set(model);
    const out = new BigUint64Array(new ArrayBuffer(8));
    const parameters = [env, bytes, BigInt(model.length), settings, out];
    await api.callOn(thread, 'CreateSessionFromArray', ...parameters);
    return scope.adopt('Session', out[0]!);
  } finally {
    own.close();
  }
}

function configure(scope: Scope, settings: Handle, options: SessionOptions): void {
  const { api } = scope;
  const { device, threads, profilePrefix, cuda } = options;
  api.call('SetSessionLogSeverityLevel', settings, LOG_FATAL);
  api.call('SetSessionGraphOptimizationLevel', settings, OPTIMISE_ALL);
  api.call('SetIntraOpNumThreads', settings, threads);
  // One block for all that a run needs, planned beforehand, is no faster and takes up to 1.7 times the memory.
  api.call('DisableMemPattern', settings);
  // Adam's moments decay into denormals, which processors handle many times slower.
  api.call('AddSessionConfigEntry', settings, 'session.set_denormal_as_zero', '1');
  if (profilePrefix !== undefined) {
    const wide = process.platform === 'win32';
    const path = wide ? Buffer.from(`${profilePrefix}\0`, 'utf16le') : profilePrefix;
    api.call('EnableProfiling', settings, path);
  }
  if (device === 'webgpu') {
    api.call('SessionOptionsAppendExecutionProvider', settings, 'WebGPU', [], [], 0);
  }
  if (device === 'cuda') appendCuda(scope, settings, cuda);
}

/** Ends the profile that a session writes. */
export function endProfiling(api: OrtApi, session: Handle): void {
  const allocator = api.get('GetAllocatorWithDefaultOptions');
  api.call('AllocatorFree', allocator, api.get('SessionEndProfiling', session, allocator));
}

/** @throws RuntimeError for an element type that tensors here cannot have */
export function portsOf(api: OrtApi, session: Handle, side: 'Input' | 'Output'): Port[] {
  const allocator = api.get('GetAllocatorWithDefaultOptions');
  const count = Number(api.get(`SessionGet${side}Count`, session));
  return Array.from({ length: count }, (_, i) => {
    const pointer = api.get(`SessionGet${side}Name`, session, i, allocator);
    const name = api.stringAt(pointer);
    api.call('AllocatorFree', allocator, pointer);
    const type = api.create('TypeInfo', `SessionGet${side}TypeInfo`, session, i);
    try {
      const tensor = api.get('CastTypeInfoToTensorInfo', type);
      if (!tensor) throw new RuntimeError(`"${name}" of the model is not a tensor`);
      return { name, dtype: dtypeOf(api, tensor, name), shape: shapeOf(api, tensor) };
    } finally {
      api.release('TypeInfo', type);
    }
  });
}

function dtypeOf(api: OrtApi, tensor: Handle, name: string): DType {
  const id = Number(api.get('GetTensorElementType', tensor));
  const found = Object.entries(DATA_TYPES).find(([, number]) => number === id);
  if (found) return found[0] as DType;
  const [type, known] = [OTHER_TYPES[id] ?? `of type ${id}`, Object.keys(DATA_TYPES).join(', ')];
  throw new RuntimeError(`"${name}" of the model is ${type}: expected one of ${known}`);
}

/** Names of other element types, by their numbers in onnx.proto. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  8: 'string',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
};

/** @param tensor an OrtTensorTypeAndShapeInfo: of a port, or of a value, whose sizes are all known */
export function shapeOf(api: OrtApi, tensor: Handle): Dim[] {
  const rank = Number(api.get('GetDimensionsCount', tensor));
  const sizes = new BigInt64Array(rank);
  const symbols = new BigUint64Array(rank);
  api.call('GetDimensions', tensor, sizes, rank);
  api.call('GetSymbolicDimensions', tensor, symbols, rank);
  return Array.from(sizes, (size, i) => {
    if (size >= 0n) return Number(size);
    // One without a name is like no other.
    return api.stringAt(symbols[i]!) || '?';
  });
}
