import { expect, test } from 'vitest';
import { checkModel } from '../src/check.ts';
import { OnnxError } from '../src/error.ts';
import type { ModelProto, TensorProto, TypeProto } from '../src/proto.ts';
import { graph, model, tensor, unary, value } from './messages.ts';

const withTensor = (fields: Partial<TensorProto>): ModelProto => {
  const initializer = [tensor({ name: 'w', dataType: 1, ...fields })];
  return model({ graph: graph({ initializer, output: [value('w', [])] }) });
};

const withType = (type?: TypeProto): ModelProto => {
  const input = [{ name: 'x', metadataProps: [], ...(type && { type }) }];
  const output = [value('y', [])];
  return model({ graph: graph({ input, output, node: [unary('Relu', 'x', 'y')] }) });
};

const withDimension = (dim: { dimValue?: bigint; dimParam?: string }): ModelProto =>
  withType({ tensorType: { elemType: 1, shape: { dim: [dim] } } });

const raw = (length: number): Uint8Array => new Uint8Array(length);
const floats = (...floatData: number[]) => ({ dims: [BigInt(floatData.length)], floatData });

const sparse = (values: TensorProto, indices: TensorProto | undefined, ...dims: bigint[]) => {
  const sparseInitializer = [{ values, dims, ...(indices && { indices }) }];
  return model({ graph: graph({ sparseInitializer, output: [value('s', [])] }) });
};
const values = tensor({ name: 's', dataType: 1, ...floats(1, 2) });
const none = tensor({ name: 's', dataType: 1, dims: [0n] });
const int64s = (dims: bigint[], ...int64Data: bigint[]) => tensor({ dataType: 7, dims, int64Data });

const location = { key: 'location', value: 'w.bin' };
const withLocation = (value: string): ModelProto =>
  withTensor({ dataLocation: 1, externalData: [{ ...location, value }] });

test.each<[what: string, good: ModelProto]>([
  ['a scalar of 4 raw bytes', withTensor({ rawData: raw(4) })],
  ['an empty tensor without data', withTensor({ dims: [0n, 3n] })],
  ['an empty tensor with empty raw data', withTensor({ dims: [0n, 3n], rawData: raw(0) })],
  ['three 4-bit numbers in two bytes', withTensor({ dataType: 21, dims: [3n], rawData: raw(2) })],
  [
    'three 4-bit numbers in two entries',
    withTensor({ dataType: 22, dims: [3n], int32Data: [1, 2] }),
  ],
  ['five 2-bit numbers in two bytes', withTensor({ dataType: 26, dims: [5n], rawData: raw(2) })],
  ['a complex number in two floats', withTensor({ dataType: 14, floatData: [1, 2] })],
  ['strings', withTensor({ dataType: 8, dims: [2n], stringData: [raw(0), raw(3)] })],
  ['external data', withTensor({ dims: [9n], dataLocation: 1, externalData: [location] })],
  ['linear sparse indices', sparse(values, int64s([2n], 0n, 3n), 2n, 2n)],
  ['sparse indices per dimension', sparse(values, int64s([2n, 2n], 0n, 0n, 1n, 1n), 2n, 2n)],
  ['a dimension without a size', withDimension({})],
  ['a named dimension', withDimension({ dimParam: 'N' })],
  [
    'a sequence of optional tensors of any shape',
    withType({
      sequenceType: { elemType: { optionalType: { elemType: { tensorType: { elemType: 1 } } } } },
    }),
  ],
  ['an opaque type', withType({ opaqueType: { name: 'Tokenizer' } })],
  ['a sparse tensor without values', sparse(none, undefined, 4n)],
  ['6-bit numbers', withTensor({ dataType: 27, dims: [3n], rawData: raw(3) })],
])('accepts %s', (_, good) => {
  expect(checkModel(good)).toEqual([]);
});

test.each<[note: string, unusual: ModelProto]>([
  ['input "x" has the dimension -1, read as unknown', withDimension({ dimValue: -1n })],
  [
    'initializer "w" names external data, but has its data in the file: those count',
    withTensor({ rawData: raw(4), externalData: [location] }),
  ],
])('notes: %s', (note, unusual) => {
  expect(checkModel(unusual)).toEqual([`graph "main", ${note}`]);
});

test.each<[problem: string, broken: ModelProto]>([
  ['has element type 0, expected 1 to 28', withTensor({ dataType: 0 })],
  ['has the negative dimension -2', withTensor({ dims: [3n, -2n] })],
  [
    'has 7 bytes of raw data, expected 8 for 2 of float32',
    withTensor({ dims: [2n], rawData: raw(7) }),
  ],
  [
    'has 4 bytes of raw data, expected 0 for 0 of float32',
    withTensor({ dims: [0n], rawData: raw(4) }),
  ],
  [
    'has 1 bytes of raw data, expected 2 for 3 of uint4',
    withTensor({ dataType: 21, dims: [3n], rawData: raw(1) }),
  ],
  ['has more than 2⁶³ elements', withTensor({ dims: [2n ** 32n, 2n ** 32n], rawData: raw(0) })],
  ['of strings has raw data, not stringData', withTensor({ dataType: 8, rawData: raw(1) })],
  [
    'of float32 [2,2] has 3 entries of floatData, expected 4',
    withTensor({ dims: [2n, 2n], floatData: [1, 2, 3] }),
  ],
  ['of float32 [2] has 0 entries of floatData, expected 2', withTensor({ dims: [2n] })],
  ['of float32 has its data in doubleData, not floatData', withTensor({ doubleData: [1] })],
  [
    'has data in floatData and rawData, expected one field',
    withTensor({ ...floats(1), rawData: raw(4) }),
  ],
  ['is one segment of a tensor, not a whole one', withTensor({ ...floats(1), segment: {} })],
  ['is stored externally, but has floatData', withTensor({ ...floats(1), dataLocation: 1 })],
  ['is stored externally, but names no file', withTensor({ dataLocation: 1 })],
  ['is stored in the file "", which has no name', withLocation('')],
  ['is stored in the file "/etc/passwd", which is an absolute path', withLocation('/etc/passwd')],
  ['is stored in the file "C:\\w", which is an absolute path', withLocation('C:\\w')],
  ['is stored in the file "a/../../w", which may lie outside', withLocation('a/../../w')],
])('refuses a tensor that %s', (problem, broken) => {
  expect(() => checkModel(broken)).toThrow(OnnxError);
  expect(() => checkModel(broken)).toThrow(`graph "main", initializer "w" ${problem}`);
});

test.each<[problem: string, broken: ModelProto]>([
  [' lacks its indices', sparse(values, undefined, 4n)],
  [' has the shape [], expected sizes of 1 or more', sparse(values, int64s([2n], 0n, 3n))],
  [' has the index 4, expected 0 to 3', sparse(values, int64s([2n], 0n, 4n), 4n)],
  [' has the index -1, expected 0 to 1', sparse(values, int64s([2n, 2n], 0n, 0n, 1n, -1n), 2n, 2n)],
  [' has indices that do not ascend', sparse(values, int64s([2n], 3n, 0n), 4n)],
  [' has indices that are not int64', sparse(values, values, 4n)],
  [' has the shape [-4], expected', sparse(values, int64s([2n], 0n, 3n), -4n)],
  [
    ' of rank 2 has values [2] with indices [1,2], expected [N] with [N] or [N, rank]',
    sparse(values, int64s([1n, 2n], 0n, 1n), 4n, 4n),
  ],
  [
    ', indices of int64 [2] has 1 entries of int64Data, expected 2',
    sparse(values, int64s([2n], 0n), 4n),
  ],
])('refuses a sparse tensor that%s', (problem, broken) => {
  expect(() => checkModel(broken)).toThrow(OnnxError);
  expect(() => checkModel(broken)).toThrow(`graph "main", sparse initializer "s"${problem}`);
});

test.each<[problem: string, broken: ModelProto]>([
  [' has no type', withType()],
  [' has no type', withType({})],
  [' has no shape', withType({ tensorType: { elemType: 1 } })],
  [' has element type 29, expected 1 to 28', withType({ tensorType: { elemType: 29 } })],
  [' has element type unset, expected 1 to 28', withType({ tensorType: {} })],
  [' has more than one type', withType({ tensorType: { elemType: 1 }, optionalType: {} })],
  [' has a dimension both 2 and N', withDimension({ dimValue: 2n, dimParam: 'N' })],
  [' has an opaque type without a name', withType({ opaqueType: {} })],
  [' does not say the type of its elements', withType({ sequenceType: {} })],
  [', element has no type', withType({ optionalType: { elemType: {} } })],
  [', key has element type unset, expected 1 to 28', withType({ mapType: {} })],
])('refuses a value that%s', (problem, broken) => {
  expect(() => checkModel(broken)).toThrow(OnnxError);
  expect(() => checkModel(broken)).toThrow(`graph "main", input "x"${problem}`);
});
