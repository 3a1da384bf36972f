/** The structural rules for tensors and types; `where` names the place in an error's message. */
import { OnnxError } from './error.ts';
import type { SparseTensorProto, TensorProto, TypeProto } from './proto.ts';

type DataField =
  | 'floatData'
  | 'int32Data'
  | 'stringData'
  | 'int64Data'
  | 'doubleData'
  | 'uint64Data';

/** How onnx.proto stores elements of one type. */
interface ElementType {
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

/** TensorProto.DataType up to IR version 13. */
const ELEMENT_TYPES: ReadonlyMap<number | undefined, ElementType> = new Map([
  [1, element('float', 32, 'floatData')],
  [2, element('uint8', 8, 'int32Data')],
  [3, element('int8', 8, 'int32Data')],
  [4, element('uint16', 16, 'int32Data')],
  [5, element('int16', 16, 'int32Data')],
  [6, element('int32', 32, 'int32Data')],
  [7, element('int64', 64, 'int64Data')],
  [8, element('string', 'string', 'stringData')],
  [9, element('bool', 8, 'int32Data')],
  [10, element('float16', 16, 'int32Data')],
  [11, element('double', 64, 'doubleData')],
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
]);

const DATA_FIELDS = [...new Set([...ELEMENT_TYPES.values()].map(({ field }) => field))];

/** TensorProto.DataLocation.EXTERNAL. */
const EXTERNAL = 1;

export function checkTensor(tensor: TensorProto, where: string): void {
  const type = elementType(tensor.dataType, where);
  const count = elementCount(tensor.dims, where);
  if (tensor.segment) throw new OnnxError(`${where} is one segment of a tensor, not a whole one`);
  const used: string[] = DATA_FIELDS.filter((field) => tensor[field].length > 0);
  if (tensor.rawData && (tensor.rawData.length > 0 || used.length === 0)) used.push('rawData');
  if (tensor.dataLocation === EXTERNAL || tensor.externalData.length > 0) {
    checkExternal(tensor, used, where);
  } else if (used.length > 1) {
    throw new OnnxError(`${where} has data in ${used.join(' and ')}, expected one field`);
  } else if (used[0] === 'rawData') {
    checkRawLength(tensor.rawData?.length ?? 0, count, type, where);
  } else {
    const entries = Math.ceil(count * type.entries);
    const found = used[0] ?? type.field;
    if (found !== type.field) {
      throw new OnnxError(`${where} of ${type.name} has its data in ${found}, not ${type.field}`);
    }
    const length = tensor[type.field].length;
    if (length !== entries) {
      throw new OnnxError(
        `${where} of ${type.name} [${tensor.dims}] has ${length} entries of ${found}, ` +
          `expected ${entries}`,
      );
    }
  }
}

function checkRawLength(
  bytes: number,
  count: number,
  { name, bits }: ElementType,
  where: string,
): void {
  if (bits === 'string') throw new OnnxError(`${where} of strings has raw data, not stringData`);
  const expected = Math.ceil((count * bits) / 8);
  if (bytes !== expected) {
    throw new OnnxError(
      `${where} has ${bytes} bytes of raw data, expected ${expected} for ${count} of ${name}`,
    );
  }
}

function checkExternal(tensor: TensorProto, used: readonly string[], where: string): void {
  if (tensor.dataLocation !== EXTERNAL) {
    throw new OnnxError(`${where} names external data, but its data location is not EXTERNAL`);
  }
  if (used.length > 0) throw new OnnxError(`${where} is stored externally, but has ${used[0]}`);
  if (!tensor.externalData.some(({ key, value }) => key === 'location' && value)) {
    throw new OnnxError(`${where} is stored externally, but names no file ("location")`);
  }
}

/** A sparse tensor has values [NNZ] and indices, either [NNZ] or [NNZ, rank]. */
export function checkSparseTensor(sparse: SparseTensorProto, where: string): void {
  const { values, indices, dims } = sparse;
  if (!values || !indices) throw new OnnxError(`${where} lacks its values or its indices`);
  checkTensor(values, `${where}, values`);
  checkTensor(indices, `${where}, indices`);
  elementCount(dims, where);
  if (ELEMENT_TYPES.get(indices.dataType)?.name !== 'int64') {
    throw new OnnxError(`${where} has indices that are not int64`);
  }
  const shape = indices.dims.join();
  const count = values.dims.join();
  if (values.dims.length !== 1 || (shape !== count && shape !== `${count},${dims.length}`)) {
    throw new OnnxError(
      `${where} of rank ${dims.length} has values [${count}] with indices [${shape}], ` +
        'expected [N] with [N] or [N, rank]',
    );
  }
}

/** @param ranked whether a tensor needs a shape, as the main graph's inputs and outputs do. */
export function checkType(type: TypeProto, where: string, ranked = false): void {
  const { tensorType, sparseTensorType, sequenceType, optionalType, mapType } = type;
  const kinds = [tensorType, sparseTensorType, sequenceType, optionalType, mapType];
  const [kind, ...others] = kinds.filter((candidate) => candidate !== undefined);
  if (!kind) throw new OnnxError(`${where} has no type`);
  if (others.length > 0) throw new OnnxError(`${where} has more than one type`);
  const tensor = tensorType ?? sparseTensorType;
  if (tensor) {
    elementType(tensor.elemType, where);
    if (ranked && !tensor.shape) throw new OnnxError(`${where} has no shape`);
    for (const { dimValue, dimParam } of tensor.shape?.dim ?? []) {
      if (dimValue === undefined) continue;
      if (dimParam)
        throw new OnnxError(`${where} has a dimension both ${dimValue} and ${dimParam}`);
      if (dimValue < 0n) throw new OnnxError(`${where} has the negative dimension ${dimValue}`);
    }
    return;
  }
  if (mapType) elementType(mapType.keyType, `${where}, key`);
  const inner = mapType?.valueType ?? sequenceType?.elemType ?? optionalType?.elemType;
  if (!inner) throw new OnnxError(`${where} does not say the type of its elements`);
  checkType(inner, `${where}, element`);
}

function elementType(id: number | undefined, where: string): ElementType {
  const type = ELEMENT_TYPES.get(id);
  if (!type) throw new OnnxError(`${where} has element type ${id ?? 'unset'}, expected 1 to 26`);
  return type;
}

/** The number of elements, which may exceed 2⁵³ and then is only as exact as a double. */
function elementCount(dims: readonly bigint[], where: string): number {
  const negative = dims.find((dim) => dim < 0n);
  if (negative !== undefined) {
    throw new OnnxError(`${where} has the negative dimension ${negative}`);
  }
  return Number(dims.reduce((product, dim) => product * dim, 1n));
}
