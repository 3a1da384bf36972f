/** Tensors in memory, and TensorProto. */
import { OnnxError } from './error.ts';
import type { TensorProto } from './proto.ts';

/** Element types that graphs built here use, with onnx.proto's TensorProto.DataType numbers. */
export const DATA_TYPES = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
} as const;

export type DType = keyof typeof DATA_TYPES;

export type TypedArray = Float32Array | Uint8Array | Int32Array | BigInt64Array;

/** A tensor in row-major order. A bool is one byte, 0 or 1. */
export interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** The array that holds elements of each type. */
export const ARRAYS = {
  float32: Float32Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** A float32 tensor of these numbers; a scalar by default. */
export function float32(data: ArrayLike<number> | number, shape?: readonly number[]): Tensor {
  const values = typeof data === 'number' ? [data] : data;
  const array = values instanceof Float32Array ? values : Float32Array.from(values);
  return {
    dtype: 'float32',
    shape: shape ?? (typeof data === 'number' ? [] : [array.length]),
    data: array,
  };
}

/** A one-dimensional int64 tensor: axes, sizes, indices. */
export function int64(data: readonly number[]): Tensor {
  return { dtype: 'int64', shape: [data.length], data: BigInt64Array.from(data, BigInt) };
}

/** As a TensorProto with raw, little-endian data. */
export function tensorToProto(name: string, { dtype, shape, data }: Tensor): TensorProto {
  return {
    dims: shape.map(BigInt),
    dataType: DATA_TYPES[dtype],
    floatData: [],
    int32Data: [],
    stringData: [],
    int64Data: [],
    name,
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    doubleData: [],
    uint64Data: [],
    externalData: [],
    metadataProps: [],
  };
}

/**
 * From a TensorProto of one of our element types, whichever field its data are in.
 * @throws OnnxError for another element type, external data, or data that do not fit the dims.
 */
export function tensorFromProto(proto: TensorProto): Tensor {
  const what = `tensor "${proto.name ?? ''}"`;
  const found = Object.entries(DATA_TYPES).find(([, id]) => id === proto.dataType);
  if (!found)
    throw new OnnxError(`${what} has element type ${proto.dataType}, which is not supported`);
  if (proto.dataLocation === 1) throw new OnnxError(`${what} keeps its data outside the file`);
  const dtype = found[0] as DType;
  const shape = proto.dims.map(Number);
  const data = dataOf(proto, dtype, what);
  if (data.length !== sizeOf(shape) || shape.some((dim) => dim < 0)) {
    throw new OnnxError(`${what} of shape [${shape}] has ${data.length} elements`);
  }
  return { dtype, shape, data };
}

function dataOf(proto: TensorProto, dtype: DType, what: string): TypedArray {
  const TypedArray = ARRAYS[dtype];
  if (proto.rawData) {
    if (proto.rawData.length % TypedArray.BYTES_PER_ELEMENT !== 0) {
      throw new OnnxError(`${what} has ${proto.rawData.length} bytes of ${dtype}`);
    }
    // A copy: the bytes of a file need not be aligned.
    return new TypedArray(new Uint8Array(proto.rawData).buffer);
  }
  if (dtype === 'float32') return Float32Array.from(proto.floatData);
  if (dtype === 'int64') return BigInt64Array.from(proto.int64Data);
  return dtype === 'int32' ? Int32Array.from(proto.int32Data) : Uint8Array.from(proto.int32Data);
}
