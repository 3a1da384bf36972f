/** Where `Program` over onnxruntime-web keeps state between runs: in JavaScript's memory, or in GPU buffers. */
import { ARRAYS, type DType, sizeOf, type Tensor } from '@ganport/onnx';
import type { Tensor as OrtTensor } from 'onnxruntime-common';
import type { OrtRuntime, WebRuntime } from './ort.ts';
import { fromOrt, toOrt } from './ort-session.ts';
import { copyTensor } from './ports.ts';

export interface StatePlace {
  /** Whether it stays there during a run, too. */
  stays: boolean;
  put(tensor: Tensor): OrtTensor;
  /** A copy of what was put there, or left there by a run. */
  get(tensor: OrtTensor): Promise<Tensor>;
}

/** WebAssembly reads and writes memory of its own alone, so each run copies the state in and out. */
export function inMemory(ort: OrtRuntime): StatePlace {
  return {
    stays: false,
    put: (tensor) => toOrt(ort, tensor),
    get: async (tensor) => copyTensor(fromOrt(tensor)),
  };
}

/** WebGPU, as far as it is used here; the names are its own. */
interface GpuBuffer {
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  destroy(): void;
}
interface GpuDevice {
  createBuffer(options: { size: number; usage: number }): GpuBuffer;
  createCommandEncoder(): {
    copyBufferToBuffer(from: GpuBuffer, at: number, to: GpuBuffer, at2: number, size: number): void;
    finish(): unknown;
  };
  queue: {
    writeBuffer(buffer: GpuBuffer, at: number, data: Uint8Array): void;
    submit(commands: readonly unknown[]): void;
  };
}

/** GPUBufferUsage and GPUMapMode. */
const MAP_READ = 1;
const COPY_SRC = 4;
const COPY_DST = 8;
const STORAGE = 128;
const READ = 1;

/** onnxruntime's kernels read buffers in steps of 16 bytes. */
const STEP = 16;
const bufferSize = (bytes: number) => STEP * Math.ceil(bytes / STEP);

/** Call it after a session was created: there is a device then. */
export async function onGpu(ort: WebRuntime): Promise<StatePlace> {
  const device = (await ort.env.webgpu.device) as unknown as GpuDevice;
  return {
    stays: true,
    put({ dtype, shape, data }) {
      const size = bufferSize(data.byteLength);
      const buffer = device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
      const bytes = new Uint8Array(size);
      bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      device.queue.writeBuffer(buffer, 0, bytes);
      return ort.Tensor.fromGpuBuffer(buffer as unknown as OrtTensor.GpuBufferType, {
        dataType: dtype,
        dims: shape,
        dispose: () => buffer.destroy(),
      });
    },
    // Not the tensor's own getData: after that it counts as being in memory, no longer on the GPU.
    async get({ type, dims, gpuBuffer }) {
      const dtype = type as DType;
      const elements = sizeOf(dims);
      const size = bufferSize(elements * ARRAYS[dtype].BYTES_PER_ELEMENT);
      const copy = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
      try {
        const encoder = device.createCommandEncoder();
        encoder.copyBufferToBuffer(gpuBuffer as unknown as GpuBuffer, 0, copy, 0, size);
        device.queue.submit([encoder.finish()]);
        await copy.mapAsync(READ);
        const data = new ARRAYS[dtype](copy.getMappedRange().slice(0), 0, elements);
        return { dtype, shape: dims, data: data.slice() };
      } finally {
        copy.destroy();
      }
    },
  };
}
