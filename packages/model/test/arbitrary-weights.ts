import fc from 'fast-check';
import type { Weights, WeightTensor } from '../src/safetensors.ts';

const ARRAYS = {
  float32: Float32Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
};

/** Any bits: every NaN, subnormals and the sign of zero among them. */
const tensor: fc.Arbitrary<WeightTensor> = fc
  .tuple(
    fc.constantFrom('float32', 'uint8', 'int32', 'int64', 'bool'),
    fc.array(fc.nat(3), { maxLength: 3 }),
  )
  .chain(([dtype, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1) * ARRAYS[dtype].BYTES_PER_ELEMENT;
    return fc
      .uint8Array({ minLength: size, maxLength: size, ...(dtype === 'bool' ? { max: 1 } : {}) })
      .map((bytes) => ({ dtype, shape, data: new ARRAYS[dtype](bytes.slice().buffer) }));
  });

const name = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('__proto__', 'constructor', '0', '"quoted"', 'a\nb'),
);

const record = <T>(value: fc.Arbitrary<T>, maxKeys: number) =>
  fc
    .uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: maxKeys })
    .map((entries): Record<string, T> => Object.fromEntries(entries));

/** Weights of every element type, of ranks 0 to 3, empty ones too, under awkward names. */
export const weights: fc.Arbitrary<Weights> = fc.record({
  tensors: record(tensor, 6),
  metadata: record(fc.string({ unit: 'grapheme' }), 3),
});
