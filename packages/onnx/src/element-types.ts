/** TensorProto.DataType: the element types of tensors, and how onnx.proto stores them. */

type DataField =
  | 'floatData'
  | 'int32Data'
  | 'stringData'
  | 'int64Data'
  | 'doubleData'
  | 'uint64Data';

/** How onnx.proto stores elements of one type. */
export interface ElementType {
  readonly name: string;
  /** Bits of one element in raw data, or 'string', which raw data cannot hold. */
  readonly bits: number | 'string';
  readonly field: DataField;
  /** Entries of `field` per element: 2 for a complex number, ½ for two 4-bit numbers in one entry. */
  readonly entries: number;
}

const element = (
  name: string,
  bits: number | 'string',
  field: DataField,
  entries = 1,
): ElementType => ({ name, bits, field, entries });

/** Up to IR version 14. */
export const ELEMENT_TYPES: ReadonlyMap<number | undefined, ElementType> = new Map([
  [1, element('float32', 32, 'floatData')],
  [2, element('uint8', 8, 'int32Data')],
  [3, element('int8', 8, 'int32Data')],
  [4, element('uint16', 16, 'int32Data')],
  [5, element('int16', 16, 'int32Data')],
  [6, element('int32', 32, 'int32Data')],
  [7, element('int64', 64, 'int64Data')],
  [8, element('string', 'string', 'stringData')],
  [9, element('bool', 8, 'int32Data')],
  [10, element('float16', 16, 'int32Data')],
  [11, element('float64', 64, 'doubleData')],
  [12, element('uint32', 32, 'uint64Data')],
  [13, element('uint64', 64, 'uint64Data')],
  [14, element('complex64', 64, 'floatData', 2)],
  [15, element('complex128', 128, 'doubleData', 2)],
  [16, element('bfloat16', 16, 'int32Data')],
  [17, element('float8e4m3fn', 8, 'int32Data')],
  [18, element('float8e4m3fnuz', 8, 'int32Data')],
  [19, element('float8e5m2', 8, 'int32Data')],
  [20, element('float8e5m2fnuz', 8, 'int32Data')],
  [21, element('uint4', 4, 'int32Data', 1 / 2)],
  [22, element('int4', 4, 'int32Data', 1 / 2)],
  [23, element('float4e2m1', 4, 'int32Data', 1 / 2)],
  [24, element('float8e8m0', 8, 'int32Data')],
  [25, element('uint2', 2, 'int32Data', 1 / 4)],
  [26, element('int2', 2, 'int32Data', 1 / 4)],
  [27, element('float6e2m3', 6, 'int32Data')],
  [28, element('float6e3m2', 6, 'int32Data')],
]);

export const DATA_FIELDS = [...new Set([...ELEMENT_TYPES.values()].map(({ field }) => field))];

/** TensorProto.DataLocation.EXTERNAL. */
export const EXTERNAL = 1;

/** The number of elements of a tensor. @throws RangeError if a dimension is negative, or int64 too small */
export function elementCount(dims: readonly bigint[]): bigint {
  let count = 1n;
  for (const dim of dims) {
    if (dim < 0n) throw new RangeError(`the negative dimension ${dim}`);
    count *= dim;
    if (count >= 2n ** 63n) throw new RangeError(`more than 2⁶³ elements`);
  }
  return count;
}

/** Bytes of so many elements in raw data or in a file; undefined for strings. */
export function rawBytes(count: bigint, { bits }: ElementType): bigint | undefined {
  return bits === 'string' ? undefined : (count * BigInt(bits) + 7n) / 8n;
}
