/** Tensors as onnxruntime's values, in memory that stays where it is. */
import { ARRAYS, DATA_TYPES, type DType, sizeOf, type Tensor } from '@ganport/onnx';
import type { Handle, OrtApi } from './api.ts';
import type { Scope } from './scope.ts';
import { shapeOf } from './session.ts';

/** What a tensor is, apart from its numbers. */
export interface TensorType {
  dtype: DType;
  shape: readonly number[];
}

/** A tensor in memory that JavaScript sees. */
export interface HostTensor extends TensorType {
  value: Handle;
  data: Tensor['data'];
}

/** Bytes. onnxruntime's own memory is aligned so: some sums depend on where a vector begins. */
const ALIGNMENT = 64;

/** OrtAllocatorType and OrtMemType of memory that is allocated plainly. */
const [DEVICE_ALLOCATOR, DEFAULT_MEMORY] = [0, 0];

export function hostMemory(scope: Scope): Handle {
  return scope.create('MemoryInfo', 'CreateCpuMemoryInfo', DEVICE_ALLOCATOR, DEFAULT_MEMORY);
}

/** A tensor of zeros. Its memory is the tensor's as long as somebody holds it. */
export function hostTensor(scope: Scope, memory: Handle, { dtype, shape }: TensorType): HostTensor {
  const size = sizeOf(shape);
  const TypedArray = ARRAYS[dtype];
  const bytes = size * TypedArray.BYTES_PER_ELEMENT;
  // The memory of a buffer that was made as one does not move, unlike that of a small typed array.
  const buffer = new ArrayBuffer(bytes + ALIGNMENT);
  const start = Number(-scope.api.addressOf(new Uint8Array(buffer)) & BigInt(ALIGNMENT - 1));
  const data = new TypedArray(buffer, start, size);
  const value = scope.create(
    'Value',
    'CreateTensorWithDataAsOrtValue',
    memory,
    scope.api.addressOf(data),
    bytes,
    BigInt64Array.from(shape, BigInt),
    shape.length,
    DATA_TYPES[dtype],
  );
  return { dtype, shape, value, data };
}

/** A tensor that an allocator of the session gives memory to. Its numbers are what was there. */
export function deviceTensor(
  scope: Scope,
  allocator: Handle,
  { dtype, shape }: TensorType,
): Handle {
  const dims = BigInt64Array.from(shape, BigInt);
  const parameters = [allocator, dims, shape.length, DATA_TYPES[dtype]] as const;
  return scope.create('Value', 'CreateTensorAsOrtValue', ...parameters);
}

/** A copy of a value that is in the host's memory. */
export function tensorAt(api: OrtApi, value: Handle, dtype: DType): Tensor {
  const type = api.create('TensorTypeAndShapeInfo', 'GetTensorTypeAndShape', value);
  try {
    const shape = shapeOf(api, type) as number[];
    const TypedArray = ARRAYS[dtype];
    const size = sizeOf(shape);
    const pointer = api.get('GetTensorMutableData', value);
    const bytes = api.bytesAt(pointer, size * TypedArray.BYTES_PER_ELEMENT);
    return { dtype, shape, data: new TypedArray(bytes.buffer, bytes.byteOffset, size) };
  } finally {
    api.release('TensorTypeAndShapeInfo', type);
  }
}
