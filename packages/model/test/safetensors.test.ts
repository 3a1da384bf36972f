import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModelError } from '../src/error.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  MAX_HEADER_BYTES,
  type Weights,
  type WeightTensor,
} from '../src/safetensors.ts';
import { weights } from './arbitrary-weights.ts';

/**
 * By the reference implementation, safetensors 0.8.0 for Python, from NumPy arrays of these values:
 * `safetensors.numpy.save_file(arrays, 'reference.safetensors', metadata={'format': 'pt'})`.
 */
const REFERENCE = readFileSync(new URL('reference.safetensors', import.meta.url));

const REFERENCE_WEIGHTS: Weights = {
  metadata: { format: 'pt' },
  tensors: {
    'net.0.weight': {
      dtype: 'float32',
      shape: [2, 2],
      data: Float32Array.of(1, -0.5, 3e-45, Number.POSITIVE_INFINITY),
    },
    step: { dtype: 'int64', shape: [], data: BigInt64Array.of(-5n) },
    bytes: { dtype: 'uint8', shape: [3], data: Uint8Array.of(0, 127, 255) },
    ints: { dtype: 'int32', shape: [2], data: Int32Array.of(-1, 2 ** 31 - 1) },
    flags: { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) },
    empty: { dtype: 'float32', shape: [0, 4], data: new Float32Array(0) },
  },
};

/** A file of this header, padded as given, and this many bytes of data. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const json = typeof header === 'string' ? header : JSON.stringify(header);
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const f32 = (shape: unknown, begin: unknown, end: unknown) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('against the reference implementation', () => {
  test('reads its file', () => {
    expect(decodeSafetensors(REFERENCE, 'w')).toEqual(REFERENCE_WEIGHTS);
  });

  test('writes the same bytes', () => {
    expect(Buffer.compare(encodeSafetensors(REFERENCE_WEIGHTS), REFERENCE)).toBe(0);
  });
});

test('what is written is read back, bit for bit', () => {
  fc.assert(
    fc.property(weights, (written) => {
      const read = decodeSafetensors(encodeSafetensors(written), 'w');
      expect(bits(read)).toEqual(bits(written));
    }),
  );
});

/** Weights as values that compare bit for bit, whatever their order and names. */
function bits({ tensors, metadata }: Weights) {
  const listed = Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
    return [name, dtype, shape, Buffer.from(data.buffer).toString('hex')] as const;
  });
  return [listed.sort(([a], [b]) => (a < b ? -1 : 1)), Object.entries(metadata).sort()];
}

test('tensors are copies of the file', () => {
  const bytes = Buffer.from(REFERENCE);
  const { tensors } = decodeSafetensors(bytes, 'w');
  bytes.fill(0);
  expect(tensors).toEqual(REFERENCE_WEIGHTS.tensors);
});

test.each<[string, Uint8Array, string]>([
  ['an empty file', new Uint8Array(0), 'w is not a safetensors file: it has 0 bytes'],
  ['seven bytes', new Uint8Array(7), 'w is not a safetensors file: it has 7 bytes'],
  ['an empty header', new Uint8Array(8), 'its header is not a JSON object'],
  ['text', Buffer.from('{"format":1}'), `header of at most ${MAX_HEADER_BYTES} bytes, got 8`],
  ['a cut header', fileOf({ a: f32([1], 0, 4) }, 4).subarray(0, 20), 'w is truncated: its header'],
  ['a header that is not JSON', fileOf('{"a":'), 'its header is not a JSON object'],
  ['a header that is a list', fileOf('[]'), 'its header is not a JSON object'],
  ['a header after a space', fileOf(' {}'), 'its header is not a JSON object'],
  ['a header that is not UTF-8', fileOf('{"a":1}').fill(0xff, 10, 11), 'is not a JSON object'],
  ['an entry that is none', fileOf({ a: 1 }), 'w: tensor "a" is not valid'],
  ['a negative size', fileOf({ a: f32([-1], 0, 4) }, 4), 'w: tensor "a" is not valid: shape.0'],
  ['a rank of 65', fileOf({ a: f32(Array(65).fill(1), 0, 4) }, 4), '"a" is not valid: shape'],
  ['half an offset', fileOf({ a: f32([1], 0, 4.5) }, 5), 'tensor "a" is not valid: data_offsets.1'],
  ['an unknown type', fileOf({ a: { ...f32([1], 0, 2), dtype: 'F16' } }, 2), 'of type "F16"'],
  ['a wrong shape', fileOf({ a: f32([2], 0, 4) }, 4), 'expected bytes 0 to 8, got 0 to 4'],
  ['a huge shape', fileOf({ a: f32([2 ** 53 - 1, 2 ** 53 - 1], 0, 4) }, 4), 'got 0 to 4'],
  ['an overflow to zero', fileOf({ a: f32([2 ** 32, 2 ** 32], 0, 0) }), 'got 0 to 0'],
  ['a gap', fileOf({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12), 'bytes 4 to 8, got 8 to 12'],
  ['an overlap', fileOf({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8), '8 to 12, got 4 to 8'],
  ['a gap in front', fileOf({ a: f32([1], 4, 8) }, 8), 'bytes 0 to 4, got 4 to 8'],
  ['cut data', fileOf({ a: f32([2], 0, 8) }, 7), 'tensor "a" ends at byte 8 of 7'],
  ['bytes too many', fileOf({ a: f32([1], 0, 4) }, 5), 'w has 1 bytes after its last tensor'],
  ['metadata that is a list', fileOf({ __metadata__: [] }), 'expected __metadata__ to be'],
  ['metadata of a number', fileOf({ __metadata__: { a: 1 } }), 'w: metadata "a" is not valid'],
  ['a name of two lines', fileOf({ 'a\nb': 1 }), 'w: tensor "a\\nb" is not valid'],
])('refuses %s', (_, bytes, message) => {
  const read = () => decodeSafetensors(bytes, 'w');
  expect(read).toThrow(ModelError);
  expect(read).toThrow(message);
  expect(read).not.toThrow(/\n/);
});

test('whatever the header, nothing but a ModelError is thrown', () => {
  const entry = fc.record({
    dtype: fc.constantFrom('F32', 'U8', 'F64', ''),
    shape: fc.oneof(fc.array(fc.nat(3)), fc.jsonValue()),
    data_offsets: fc.oneof(fc.tuple(fc.nat(9), fc.nat(9)), fc.jsonValue()),
  });
  const header = fc.oneof(fc.json(), fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue())));
  fc.assert(
    fc.property(header, fc.nat(16), (value, dataBytes) => {
      try {
        decodeSafetensors(fileOf(value, dataBytes), 'w');
      } catch (error) {
        expect(error).toBeInstanceOf(ModelError);
      }
    }),
    { numRuns: 2000 },
  );
});

test.each<[string, string, WeightTensor, string]>([
  [
    'too few elements',
    'a',
    { dtype: 'float32', shape: [2], data: new Float32Array(1) },
    'tensor "a": expected float32 [2], got Float32Array of 1',
  ],
  [
    'another type of array',
    'a',
    { dtype: 'int64', shape: [1], data: new Int32Array(1) },
    'tensor "a": expected int64 [1], got Int32Array of 1',
  ],
  [
    'the name of the metadata',
    '__metadata__',
    { dtype: 'uint8', shape: [0], data: new Uint8Array(0) },
    'a tensor cannot be named "__metadata__"',
  ],
])('refuses to write %s', (_, name, tensor, message) => {
  const write = () => encodeSafetensors({ tensors: { [name]: tensor }, metadata: {} });
  expect(write).toThrow(new ModelError(message));
});

test('refuses to write a header that would not be read', () => {
  const metadata = { text: 'x'.repeat(MAX_HEADER_BYTES) };
  expect(() => encodeSafetensors({ tensors: {}, metadata })).toThrow('the header has 16777');
});
