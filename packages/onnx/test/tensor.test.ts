import { describe, expect, test } from 'vitest';
import {
  decodeTensorProto,
  encodeTensorProto,
  float32,
  int64,
  OnnxError,
  type Tensor,
  type TensorProto,
  tensorFromProto,
  tensorToProto,
} from '../src/index.ts';
import { tensor } from './messages.ts';

/** Each type with its number in onnx.proto and its bytes, little-endian. */
const TENSORS: [string, Tensor, number, number[]][] = [
  ['float32', float32([1, -0.5], [2, 1]), 1, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xbf]],
  ['a scalar', float32(2), 1, [0, 0, 0, 0x40]],
  ['an empty tensor', float32([], [0, 3]), 1, []],
  ['uint8', { dtype: 'uint8', shape: [3], data: Uint8Array.of(0, 127, 255) }, 2, [0, 127, 255]],
  ['int32', { dtype: 'int32', shape: [1], data: Int32Array.of(-2) }, 6, [0xfe, 0xff, 0xff, 0xff]],
  ['int64', int64([-2]), 7, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ['bool', { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) }, 9, [1, 0]],
];

describe('a tensor comes back', () => {
  test.each(TENSORS)('of %s', (_, written, dataType, bytes) => {
    const proto = tensorToProto('t', written);
    expect(proto).toMatchObject({ name: 't', dataType, dims: written.shape.map(BigInt) });
    expect([...proto.rawData!]).toEqual(bytes);
    expect(tensorFromProto(decodeTensorProto(encodeTensorProto(proto)))).toEqual(written);
  });

  test('from a Buffer, at any alignment, and as a copy', () => {
    const written = float32([1, 2, 3]);
    const bytes = encodeTensorProto(tensorToProto('t', written));
    for (let offset = 0; offset < 4; offset++) {
      const file = Buffer.concat([Buffer.alloc(offset), bytes]);
      const proto = decodeTensorProto(file.subarray(offset));
      const { buffer, byteOffset, length } = proto.rawData!;
      const read = tensorFromProto({ ...proto, rawData: Buffer.from(buffer, byteOffset, length) });
      expect(read).toEqual(written);
      file.fill(0);
      expect(read).toEqual(written);
    }
  });

  test('from a part of a larger array', () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const read = tensorFromProto(tensorToProto('t', { dtype: 'float32', shape: [2], data }));
    expect(read.data).toEqual(Float32Array.of(2, 3));
  });

  test.each<[string, Partial<TensorProto>, Tensor]>([
    ['float_data', { dataType: 1, floatData: [0.5, -1] }, float32([0.5, -1])],
    [
      'int64_data',
      { dataType: 7, int64Data: [-5n, 2n ** 62n] },
      { dtype: 'int64', shape: [2], data: BigInt64Array.of(-5n, 2n ** 62n) },
    ],
    [
      'int32_data',
      { dataType: 6, int32Data: [-5, 7] },
      { dtype: 'int32', shape: [2], data: Int32Array.of(-5, 7) },
    ],
    [
      'int32_data, of uint8',
      { dataType: 2, int32Data: [0, 255] },
      { dtype: 'uint8', shape: [2], data: Uint8Array.of(0, 255) },
    ],
    [
      'int32_data, of bool',
      { dataType: 9, int32Data: [0, 1] },
      { dtype: 'bool', shape: [2], data: Uint8Array.of(0, 1) },
    ],
  ])('from %s', (_, fields, expected) => {
    expect(tensorFromProto(tensor({ dims: [2n], ...fields }))).toEqual(expected);
  });
});

test('numbers become one scalar, or one dimension', () => {
  expect(float32(3)).toEqual({ dtype: 'float32', shape: [], data: Float32Array.of(3) });
  expect(float32([3, 4])).toEqual({ dtype: 'float32', shape: [2], data: Float32Array.of(3, 4) });
  const data = Float32Array.of(1, 2);
  expect(float32(data, [1, 2]).data).toBe(data);
});

const raw = (bytes: number) => new Uint8Array(bytes);
test.each<[string, Partial<TensorProto>, string]>([
  [
    'float16',
    { dataType: 10, dims: [1n], rawData: raw(2) },
    'tensor "w" has element type 10, which is not supported',
  ],
  [
    'no type',
    { dims: [1n], rawData: raw(4) },
    'tensor "w" has element type undefined, which is not supported',
  ],
  [
    'data elsewhere',
    { dataType: 1, dims: [1n], dataLocation: 1 },
    'tensor "w" keeps its data outside the file',
  ],
  [
    'half an element',
    { dataType: 1, dims: [1n], rawData: raw(6) },
    'tensor "w" has 6 bytes of float32',
  ],
  [
    'too few elements',
    { dataType: 1, dims: [2n, 2n], rawData: raw(12) },
    'tensor "w" of shape [2,2] has 3 elements',
  ],
  ['no data', { dataType: 7, dims: [1n] }, 'tensor "w" of shape [1] has 0 elements'],
  [
    'negative sizes',
    { dataType: 2, dims: [-1n, -2n], rawData: raw(2) },
    'tensor "w" of shape [-1,-2] has 2 elements',
  ],
  [
    'sizes that overflow',
    { dataType: 2, dims: [2n ** 32n, 2n ** 32n], rawData: raw(0) },
    'tensor "w" of shape [4294967296,4294967296] has 0 elements',
  ],
])('refuses %s', (_, fields, message) => {
  expect(() => tensorFromProto(tensor({ name: 'w', ...fields }))).toThrow(new OnnxError(message));
});
