/** The structural rules for tensors and types; `where` names the place in an error's message. */
import {
  DATA_FIELDS,
  ELEMENT_TYPES,
  type ElementType,
  EXTERNAL,
  elementCount,
  rawBytes,
} from './element-types.ts';
import { OnnxError } from './error.ts';
import type { SparseTensorProto, TensorProto, TypeProto } from './proto.ts';

/** Takes what is unusual, and yet has one meaning. */
export type Note = (text: string) => void;

export function checkTensor(tensor: TensorProto, note: Note, where: string): void {
  const type = elementType(tensor.dataType, where);
  if (tensor.segment) throw new OnnxError(`${where} is one segment of a tensor, not a whole one`);
  const used: string[] = DATA_FIELDS.filter((field) => tensor[field].length > 0);
  if (tensor.rawData?.length) used.push('rawData');
  if (tensor.dataLocation === EXTERNAL) {
    checkExternal(tensor, used, where);
    return;
  }
  if (tensor.externalData.length > 0) {
    note(`${where} names external data, but has its data in the file: those count`);
  }
  const count = countElements(tensor.dims, where);
  if (used.length > 1) {
    throw new OnnxError(`${where} has data in ${used.join(' and ')}, expected one field`);
  }
  if (used[0] === 'rawData' || (used.length === 0 && tensor.rawData)) {
    checkRawLength(tensor.rawData?.length ?? 0, count, type, where);
    return;
  }
  const found = used[0] ?? type.field;
  if (found !== type.field) {
    throw new OnnxError(`${where} of ${type.name} has its data in ${found}, not ${type.field}`);
  }
  const entries = Math.ceil(Number(count) * type.entries);
  const { length } = tensor[type.field];
  if (length !== entries) {
    throw new OnnxError(
      `${where} of ${type.name} [${tensor.dims}] has ${length} entries of ${found}, ` +
        `expected ${entries}`,
    );
  }
}

function checkRawLength(bytes: number, count: bigint, type: ElementType, where: string): void {
  const expected = rawBytes(count, type);
  if (expected === undefined) {
    if (bytes === 0 && count === 0n) return;
    throw new OnnxError(`${where} of strings has raw data, not stringData`);
  }
  if (BigInt(bytes) !== expected) {
    throw new OnnxError(
      `${where} has ${bytes} bytes of raw data, expected ${expected} for ${count} of ${type.name}`,
    );
  }
}

function checkExternal(tensor: TensorProto, used: readonly string[], where: string): void {
  if (used.length > 0) throw new OnnxError(`${where} is stored externally, but has ${used[0]}`);
  const locations = tensor.externalData.filter(({ key }) => key === 'location');
  if (locations.length === 0) {
    throw new OnnxError(`${where} is stored externally, but names no file ("location")`);
  }
  for (const { value = '' } of locations) {
    const problem = problemOfLocation(value);
    if (problem) throw new OnnxError(`${where} is stored in the file "${value}", which ${problem}`);
  }
}

/** What is wrong with a file's name that external data may have, if anything: it lies in the model's folder. */
export function problemOfLocation(location: string): string | undefined {
  if (location === '') return 'has no name';
  if (/^(\/|\\|[a-z]:)/i.test(location))
    return 'is an absolute path, not one from the model’s folder';
  return location.split(/[/\\]/).includes('..') ? 'may lie outside the model’s folder' : undefined;
}

/** A sparse tensor has values [NNZ] and indices in ascending order, either [NNZ] or [NNZ, rank]. */
export function checkSparseTensor(sparse: SparseTensorProto, note: Note, where: string): void {
  const { values, indices, dims } = sparse;
  if (!values) throw new OnnxError(`${where} lacks its values`);
  checkTensor(values, note, `${where}, values`);
  if (values.dims.length !== 1) {
    throw new OnnxError(`${where} has values [${values.dims}], expected one dimension`);
  }
  if (dims.length === 0 || dims.some((dim) => dim <= 0n)) {
    throw new OnnxError(`${where} has the shape [${dims}], expected sizes of 1 or more`);
  }
  const [count] = values.dims as [bigint];
  if (!indices) {
    if (count > 0n) throw new OnnxError(`${where} lacks its indices`);
    return;
  }
  checkTensor(indices, note, `${where}, indices`);
  if (ELEMENT_TYPES.get(indices.dataType)?.name !== 'int64') {
    throw new OnnxError(`${where} has indices that are not int64`);
  }
  const shape = indices.dims.join();
  if (shape !== `${count}` && shape !== `${count},${dims.length}`) {
    throw new OnnxError(
      `${where} of rank ${dims.length} has values [${count}] with indices [${shape}], ` +
        'expected [N] with [N] or [N, rank]',
    );
  }
  if (indices.dataLocation !== EXTERNAL) checkIndices(sparse, indices, where);
}

function checkIndices({ dims }: SparseTensorProto, indices: TensorProto, where: string): void {
  const rank = indices.dims.length === 2 ? dims.length : 1;
  const sizes = rank === 1 ? [dims.reduce((product, dim) => product * dim, 1n)] : dims;
  const numbers = int64s(indices);
  let last = -1n;
  for (let at = 0; at < numbers.length; at += rank) {
    let position = 0n;
    sizes.forEach((size, axis) => {
      const index = numbers[at + axis]!;
      if (index < 0n || index >= size) {
        throw new OnnxError(`${where} has the index ${index}, expected 0 to ${size - 1n}`);
      }
      position = position * size + index;
    });
    if (position <= last) throw new OnnxError(`${where} has indices that do not ascend`);
    last = position;
  }
}

function int64s({ rawData, int64Data }: TensorProto): ArrayLike<bigint> {
  if (!rawData?.length) return int64Data;
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Array.from({ length: rawData.length / 8 }, (_, at) => view.getBigInt64(at * 8, true));
}

/** The type of a main graph's input or output. */
export function checkType(type: TypeProto, note: Note, where: string, outermost = true): void {
  const { tensorType, sparseTensorType, sequenceType, optionalType, mapType, opaqueType } = type;
  const kinds = [tensorType, sparseTensorType, sequenceType, optionalType, mapType, opaqueType];
  const [kind, ...others] = kinds.filter((candidate) => candidate !== undefined);
  if (!kind) throw new OnnxError(`${where} has no type`);
  if (others.length > 0) throw new OnnxError(`${where} has more than one type`);
  const tensor = tensorType ?? sparseTensorType;
  if (tensor) {
    elementType(tensor.elemType, where);
    if (outermost && !tensor.shape) throw new OnnxError(`${where} has no shape`);
    for (const { dimValue, dimParam } of tensor.shape?.dim ?? []) {
      if (dimValue === undefined) continue;
      if (dimParam !== undefined) {
        throw new OnnxError(`${where} has a dimension both ${dimValue} and ${dimParam}`);
      }
      if (dimValue < 0n) note(`${where} has the dimension ${dimValue}, read as unknown`);
    }
    return;
  }
  if (opaqueType) {
    if (!opaqueType.name) throw new OnnxError(`${where} has an opaque type without a name`);
    return;
  }
  if (mapType) elementType(mapType.keyType, `${where}, key`);
  const inner = mapType?.valueType ?? sequenceType?.elemType ?? optionalType?.elemType;
  if (!inner) throw new OnnxError(`${where} does not say the type of its elements`);
  checkType(inner, note, `${where}, element`, false);
}

/** A type that nothing is refused for: what is wrong with it is a note. */
export function noteType(type: TypeProto, note: Note, where: string): void {
  try {
    checkType(type, note, where, false);
  } catch (error) {
    note((error as Error).message);
  }
}

function elementType(id: number | undefined, where: string): ElementType {
  const type = ELEMENT_TYPES.get(id);
  if (type) return type;
  const last = Math.max(...([...ELEMENT_TYPES.keys()] as number[]));
  throw new OnnxError(`${where} has element type ${id ?? 'unset'}, expected 1 to ${last}`);
}

function countElements(dims: readonly bigint[], where: string): bigint {
  try {
    return elementCount(dims);
  } catch (error) {
    throw new OnnxError(`${where} has ${(error as Error).message}`);
  }
}
