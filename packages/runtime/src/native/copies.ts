/** How numbers come from one tensor into another, between the host and a device. */
import { join } from 'node:path';
import { firstLine } from '@ganport/onnx';
import { CUDA_FILES, providerFolder } from '../cuda.ts';
import { neededLibraries } from '../elf.ts';
import { RuntimeError } from '../error.ts';
import type { Handle, OrtApi } from './api.ts';
import { loadKoffi } from './library.ts';
import type { Thread } from './thread.ts';

interface Copy {
  from: Handle;
  to: Handle;
  bytes: number;
}

/** Makes copies, which are done when it is: no run begins before. */
export type CopyValues = (copies: readonly Copy[]) => Promise<void>;

/** By onnxruntime, for the providers that its environment knows by itself: WebGPU's, not CUDA's. */
export function ortCopies(api: OrtApi, thread: Thread, env: Handle): CopyValues {
  return async (copies) => {
    const pointers = (values: readonly Handle[]) => {
      const array = new BigUint64Array(new ArrayBuffer(8 * values.length));
      array.set(values);
      return array;
    };
    const sources = pointers(copies.map(({ from }) => from));
    const targets = pointers(copies.map(({ to }) => to));
    const count = BigInt(copies.length);
    await api.callOn(thread, 'CopyTensors', env, sources, targets, NO_STREAM, count);
  };
}

const NO_STREAM = 0n;

/** What is called of CUDA's runtime library: addresses of its functions. */
export interface Cudart {
  cudaMemcpy: bigint;
  cudaDeviceSynchronize: bigint;
  /** What an error means. */
  explain(code: number): string;
}

/**
 * By CUDA's runtime, in the context that onnxruntime's provider uses too: the first device's.
 * @throws Error with what CUDA says
 */
export function cudaCopies(api: OrtApi, thread: Thread, cudart: Cudart): CopyValues {
  const call = async (address: bigint, ...parameters: readonly bigint[]) => {
    // An int: what is above its 32 bits is not said.
    const code = Number(BigInt.asIntN(32, (await thread.call(address, parameters)) ?? 0n));
    if (code !== 0) throw new Error(`CUDA cannot copy a tensor: ${cudart.explain(code)}`);
  };
  const dataOf = (value: Handle) => api.get('GetTensorMutableData', value);
  return async (copies) => {
    for (const { from, to, bytes } of copies) {
      await call(cudart.cudaMemcpy, dataOf(to), dataOf(from), BigInt(bytes), BY_ADDRESS);
    }
    // A copy to the device may be under way still, and onnxruntime's streams do not wait for it.
    await call(cudart.cudaDeviceSynchronize);
  };
}

/** cudaMemcpyDefault: CUDA tells memory of the host and of the device apart by its address. */
const BY_ADDRESS = 4n;

/**
 * The CUDA runtime that onnxruntime's provider is linked against, which was loaded with it.
 * @param folder where the provider is
 * @throws RuntimeError in one line if there is none
 */
export function loadCudart(folder: string = providerFolder()): Cudart {
  const path = join(folder, CUDA_FILES[1]);
  const name = neededLibraries(path)?.find((library) => library.startsWith('libcudart.so'));
  if (!name)
    throw new RuntimeError(`${path} is not linked against libcudart, which copies tensors`);
  const { koffi } = loadKoffi();
  try {
    const library = koffi.load(name);
    return {
      cudaMemcpy: library.symbol('cudaMemcpy'),
      cudaDeviceSynchronize: library.symbol('cudaDeviceSynchronize'),
      explain: library.func('str cudaGetErrorString(int code)'),
    };
  } catch (error) {
    throw new RuntimeError(`cannot load ${name}, which copies tensors: ${firstLine(error)}`);
  }
}
