/** Files as other writers write them: protobuf's encoding guide says what each means. */
import { describe, expect, test } from 'vitest';
import { checkModel } from '../src/check.ts';
import { decodeModel, decodeReadable, decodeTensorProto } from '../src/decode.ts';
import { encodeModel, encodeTensorProto } from '../src/encode.ts';
import { CASES, caseFiles } from './cases.ts';
import { attribute, graph, model, node, tensor } from './messages.ts';
import { field, modelBytes } from './wire.ts';

const text = (words: string) => [...Buffer.from(words)];
const bytes = (...parts: number[][]) => Uint8Array.from(parts.flat());
const RAW = field(9, [1]);

describe('a tensor', () => {
  test.each<[what: string, file: Uint8Array, meant: object]>([
    ['with the last of two numbers', bytes([0x10, 1, 0x10, 7]), { dataType: 7 }],
    ['with the last of two names', bytes(field(8, text('a')), field(8, text('b'))), { name: 'b' }],
    [
      'with the last of two byte strings',
      bytes(field(9, [1, 2]), RAW),
      { rawData: Uint8Array.of(1) },
    ],
    [
      'with lists in parts, packed and not',
      bytes(field(7, [5]), RAW, [0x38, 6], field(7, [7, 8])),
      { int64Data: [5n, 6n, 7n, 8n], rawData: Uint8Array.of(1) },
    ],
    ['with a number in more bytes than it needs', bytes([0x10, 0x87, 0x80, 0x00]), { dataType: 7 }],
    ['with a tag in more bytes than it needs', bytes([0x90, 0x80, 0x00, 7]), { dataType: 7 }],
    ['with a length in more bytes than it needs', bytes([0x42, 0x81, 0x00, 97]), { name: 'a' }],
    ['with −1 in ten bytes', bytes([0x28, ...Array(9).fill(255), 1]), { int32Data: [-1] }],
    ['with an int32 in five', bytes([0x28, 255, 255, 255, 255, 15]), { int32Data: [-1] }],
    [
      'with more than 32 bits, of which the lower count',
      bytes([0x10, 129, 128, 128, 128, 16]),
      { dataType: 1 },
    ],
    [
      'with unknown fields of every wire type',
      bytes(
        [0xa0, 6, 9],
        [0xa1, 6, ...Array(8).fill(1)],
        field(100, [1]),
        [0xa5, 6, 1, 2, 3, 4],
        RAW,
      ),
      { rawData: Uint8Array.of(1) },
    ],
    [
      'with groups in groups',
      bytes([0xa3, 6, 0xab, 6, 0x08, 1, 0xac, 6, 0xa4, 6], RAW),
      { rawData: Uint8Array.of(1) },
    ],
    [
      'with a known field of another wire type, which is unknown',
      bytes([0x15, 1, 0, 0, 0], [0x40, 5], RAW),
      { rawData: Uint8Array.of(1) },
    ],
    ['with a location that there is not', bytes([0x70, 1, 0x70, 2]), { dataLocation: 1 }],
    [
      'with a message in two parts',
      bytes(field(3, [0x08, 4]), field(3, [0x10, 9])),
      { segment: { begin: 4n, end: 9n } },
    ],
  ])('%s', (_, file, meant) => {
    expect(decodeTensorProto(file)).toEqual(tensor(meant));
  });

  test.each<[problem: string, file: Uint8Array, message: RegExp]>([
    ['a group that never ends', bytes([0xa3, 6, 0x08, 1]), /index out of range/],
    ['the end of another group', bytes([0xa3, 6, 0xac, 6]), /invalid end group tag/],
    ['the end of no group', bytes([0xa4, 6]), /invalid wire type 4/],
    [
      'an unknown number of eleven bytes',
      bytes([0xa0, 6, ...Array(10).fill(255), 1]),
      /invalid varint/,
    ],
    ['a wire type that there is not', bytes([0x17, 1]), /invalid wire type 7/],
  ])('is not with %s', (_, file, message) => {
    expect(() => decodeTensorProto(file)).toThrow(message);
  });
});

test('a graph in two parts is one', () => {
  const [first, second] = [
    encodeModel(model({ graph: graph({ name: 'a' }) })),
    encodeModel(CASES.minusOne),
  ];
  const merged = decodeModel(bytes([...first], [...second]));
  expect(merged.graph).toEqual(CASES.minusOne.graph);
  expect(merged.opsetImport).toHaveLength(2);
});

test('of a dimension or a type, the last kind stays', () => {
  // In the graph: output "x", a type, in it a tensor of float32 whose only dimension is 4, then "N".
  const dimension = field(1, [0x08, 4, ...field(2, text('N'))]);
  const float32 = [0x08, 1, ...field(2, dimension)];
  const output = (...type: number[]) =>
    modelBytes(field(12, [...field(1, text('x')), ...field(2, type)]));
  const typeOf = (file: Uint8Array) => decodeModel(file).graph?.output[0]?.type;
  const shape = { dim: [{ dimParam: 'N' }] };
  expect(typeOf(output(...field(1, float32)))).toEqual({ tensorType: { elemType: 1, shape } });
  expect(typeOf(output(...field(1, float32), ...field(4, [])))).toEqual({ sequenceType: {} });
  // The same kind again is merged.
  expect(typeOf(output(...field(1, float32), ...field(1, [0x08, 7])))).toEqual({
    tensorType: { elemType: 7, shape },
  });
});

test('an attribute’s type that there is not is none', () => {
  const written = model({
    graph: graph({ node: [node({ attribute: [attribute({ type: 15 })] })] }),
  });
  expect(decodeModel(encodeModel(written)).graph?.node[0]?.attribute).toEqual([attribute({})]);
});

test('fields of IR version 14 come back', () => {
  const deviceConfigurations = [
    {
      configurationId: 'two',
      pipelineStage: 1,
      shardingSpec: [
        {
          tensorName: 'x',
          device: [0n, -1n],
          indexToDeviceGroupMap: [{ key: -1n, value: [0n, 1n] }],
          shardedDim: [{ axis: 0n, simpleSharding: [{ dimParam: 'N', numShards: 2n }] }],
        },
      ],
    },
  ];
  const written = model({
    configuration: [{ name: 'two', numDevices: 2, device: ['a', 'b'] }],
    graph: graph({ node: [node({ deviceConfigurations })] }),
  });
  expect(decodeModel(encodeModel(written))).toEqual(written);
});

test('models from the field are read and written as they are, and are legal', () => {
  for (const file of caseFiles) {
    const decoded = decodeModel(file);
    expect(Buffer.from(encodeModel(decoded)).equals(file)).toBe(true);
    expect(() => checkModel(decoded)).not.toThrow();
  }
});

test('names keep their bytes, whatever their encoding', () => {
  const names: number[][] = [
    [0xb0, 0xa1, 0xb0, 0xa1],
    [0xb0, 0xa2, 0xb0, 0xa2],
    [0xff],
    // A truncated character, an overlong one, a surrogate, one past U+10FFFF.
    [0x61, 0xe2, 0x82],
    [0xc0, 0x80, 0xe0, 0x80, 0x80],
    [0xed, 0xb2, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    // U+FFFD itself, a byte order mark, and what is four bytes long, beside a stray byte.
    text('\ufffd'),
    text('\ufeffname'),
    [...text('é😀'), 0x80, ...text('\ufffd')],
  ];
  const decoded = names.map((name) => decodeTensorProto(bytes(field(8, name))));
  expect(new Set(decoded.map(({ name }) => name)).size).toBe(names.length);
  for (const [at, name] of names.entries()) {
    expect([...encodeTensorProto(decoded[at]!)]).toEqual(field(8, name));
  }
  expect(decoded[7]!.name).toBe('\ufffd');
  expect(decoded[9]!.name).toBe('é😀\udc80\ufffd');
  // A long one, in which every other byte is none of UTF-8.
  const long = Array.from({ length: 20_000 }, (_, at) => (at % 2 ? 0x41 : 0x9f));
  expect([...encodeTensorProto(decodeTensorProto(bytes(field(8, long))))]).toEqual(field(8, long));
});

describe('what is left of a damaged file', () => {
  const file = encodeModel(CASES.weightsInConstants);

  test('is what comes before a cut', () => {
    const { model: left, problem } = decodeReadable(file.subarray(0, 150));
    expect(problem).toBe(
      `not an ONNX model, or a damaged one: Graph ends ${file.length - 156} bytes past the end, at byte 150 of 150`,
    );
    expect(left?.irVersion).toBe(7n);
    expect(left?.graph?.node.slice(0, 2)).toEqual(CASES.weightsInConstants.graph?.node.slice(0, 2));
  });

  test('is nothing where there was nothing', () => {
    expect(decodeReadable(Uint8Array.of(0xff)).model).toBeUndefined();
  });
});
