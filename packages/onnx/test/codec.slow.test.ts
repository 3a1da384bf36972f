import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkModel } from '../src/check.ts';
import { decodeModel, decodeReadable, decodeTensorProto, MAX_DEPTH } from '../src/decode.ts';
import { describeModel } from '../src/describe.ts';
import { encodeModel, encodeTensorProto } from '../src/encode.ts';
import { OnnxError } from '../src/error.ts';
import type { GraphProto } from '../src/proto.ts';
import { readBackendTests } from './backend-tests.ts';
import { caseFiles } from './cases.ts';
import { attribute, graph, model, node, tensor, value } from './messages.ts';
import { mutate, seeded } from './mutations.ts';
import { field, modelBytes } from './wire.ts';

const RUNS = { seed: 20_261_123, numRuns: 3000 };

/** Two layers with weights, an attribute of each kind of field, names and a named dimension. */
const SMALL = model({
  producerName: 'test',
  graph: graph({
    node: [
      node({ input: ['x', 'w'], output: ['h'], opType: 'MatMul', name: 'first' }),
      node({
        input: ['h'],
        output: ['y'],
        opType: 'LeakyRelu',
        attribute: [
          attribute({ name: 'alpha', type: 1, f: 0.25 }),
          attribute({ name: 'ints', type: 7, ints: [1n, -1n] }),
          attribute({ name: 'text', type: 3, s: Uint8Array.of(104, 105) }),
        ],
      }),
    ],
    initializer: [
      tensor({ name: 'w', dims: [2n, 1n], dataType: 1, rawData: new Uint8Array(8).fill(63) }),
      tensor({ name: 'b', dims: [2n], dataType: 1, floatData: [1, -2] }),
    ],
    input: [value('x', ['N', 2n])],
    output: [value('y', ['N', 1n])],
  }),
});

/** Decodes and checks bytes that may be bad: only an OnnxError may come of it. What is left is described. */
function attempt(bytes: Uint8Array): boolean {
  const { model: left } = decodeReadable(bytes);
  if (left) expect(describeModel(left).parameters).toBeGreaterThanOrEqual(0);
  try {
    const decoded = decodeModel(bytes);
    const again = encodeModel(decoded);
    expect(encodeModel(decodeModel(again))).toEqual(again);
    try {
      checkModel(decoded);
    } catch (error) {
      if (!(error instanceof OnnxError)) throw error;
    }
    return true;
  } catch (error) {
    if (!(error instanceof OnnxError)) throw error;
    return false;
  }
}

const files = readBackendTests();

test.skipIf(!files)('re-encodes the 924 models of ONNX’s backend tests byte for byte', () => {
  const models = [...files!].filter(([name]) => name.endsWith('/model.onnx'));
  expect(models).toHaveLength(924);
  const changed = models.filter(
    ([, bytes]) => Buffer.compare(encodeModel(decodeModel(bytes)), bytes) !== 0,
  );
  expect(changed.map(([name]) => name)).toEqual([]);
});

test('reads what it wrote', () => {
  expect(decodeModel(encodeModel(SMALL))).toEqual(SMALL);
});

test('a cut anywhere but between two fields of the model is an error', () => {
  const bytes = encodeModel(SMALL);
  // The last field, opset_import, is a tag, a length, and the four bytes of domain "" and 17.
  const wholes = [bytes.length - 6, bytes.length];
  for (let length = 0; length <= bytes.length; length += 1) {
    expect(attempt(bytes.subarray(0, length)), `${length} bytes`).toBe(wholes.includes(length));
  }
});

test('flipped bits are decoded or refused', () => {
  const bytes = encodeModel(SMALL);
  const bit = fc.nat(bytes.length * 8 - 1);
  let refused = 0;
  fc.assert(
    fc.property(fc.array(bit, { minLength: 1, maxLength: 8 }), (flips) => {
      const broken = bytes.slice();
      for (const at of flips) broken[at >> 3]! ^= 1 << (at & 7);
      if (!attempt(broken)) refused += 1;
    }),
    RUNS,
  );
  expect(refused).toBeGreaterThan(RUNS.numRuns / 4);
});

test('models with other fields are decoded or refused', () => {
  const random = seeded(RUNS.seed);
  let decoded = 0;
  for (let run = 0; run < 1000; run += 1) {
    const file = caseFiles[random(caseFiles.length)]!;
    if (attempt(mutate(file, random))) decoded += 1;
  }
  expect(decoded).toBeGreaterThan(500);
});

test('garbage is refused, alone and inside a model', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (garbage) => {
      attempt(garbage);
      attempt(modelBytes([...garbage]));
      attempt(modelBytes(field(1, [...garbage])));
    }),
    RUNS,
  );
});

const HUGE = [0xff, 0xff, 0xff, 0xff, 0x07];

test.each<[problem: string, bytes: Uint8Array, message: RegExp]>([
  ['an empty file', new Uint8Array(), /the file is empty/],
  ['no graph', Uint8Array.of(0x08, 8), /no graph or no IR version/],
  ['no IR version', Uint8Array.from(field(7, [])), /no graph or no IR version/],
  ['a graph of 2 GiB', Uint8Array.of(0x08, 8, 0x3a, ...HUGE), /Graph ends 2147483647 bytes past/],
  ['a string of 2 GiB', modelBytes([0x12, ...HUGE]), /index out of range/],
  ['a length above 2 GiB', modelBytes([0x12, 255, 255, 255, 255, 255, 1]), /invalid length/],
  ['a varint without an end', Uint8Array.from([0x08, ...Array(11).fill(255)]), /invalid varint/],
  ['a node longer than its graph', modelBytes([0x0a, 3, 0x0a, 0]), /Node ends 1 bytes past/],
  [
    'a node longer than its graph, over the next field',
    Uint8Array.from([...modelBytes([0x0a, 2]), ...field(8, [])]),
    /a Graph message runs past its end/,
  ],
  [
    'a packed list that ends inside a number',
    modelBytes(field(5, [...field(7, [1, 0x80]), 0x01])),
    /the packed list int64Data runs past its end/,
  ],
  ['a packed list of half a float', modelBytes(field(5, field(4, [1, 2]))), /index out of range/],
  ['field number 0', modelBytes([0x02, 0]), /field number 0/],
  ['100,000 nested unknown groups', modelBytes(Array(100_000).fill(0x4b)), /max depth/],
])('refuses %s', (_, bytes, message) => {
  expect(() => decodeModel(bytes)).toThrow(OnnxError);
  expect(() => decodeModel(bytes)).toThrow(message);
});

/** A graph in an attribute of a node of a graph, and so on. */
function nested(graphs: number): GraphProto {
  let inner = graph({});
  for (let level = 1; level < graphs; level += 1) {
    inner = graph({
      node: [node({ attribute: [attribute({ name: 'body', type: 5, g: inner })] })],
    });
  }
  return inner;
}

test('subgraphs may nest up to the limit', () => {
  // Each level is a graph, a node and an attribute; the model is one more.
  const deepest = Math.floor((MAX_DEPTH - 1) / 3) + 1;
  const bytes = encodeModel(model({ graph: nested(deepest) }));
  expect(decodeModel(bytes).graph).toEqual(nested(deepest));
  const deeper = encodeModel(model({ graph: nested(deepest + 1) }));
  expect(() => decodeModel(deeper)).toThrow(/nest deeper than 100/);
});

test('lists may come packed or one by one, whatever onnx.proto says', () => {
  const oneByOne = Uint8Array.from([0x08, 2, 0x08, 3, 0x38, 5, 0x38, 6, 0x25, 0, 0, 0x80, 0x3f]);
  const packed = [field(1, [2, 3]), field(4, [0, 0, 0x80, 0x3f]), field(7, [5, 6])].flat();
  const expected = tensor({ dims: [2n, 3n], int64Data: [5n, 6n], floatData: [1] });
  expect(decodeTensorProto(oneByOne)).toEqual(expected);
  expect(decodeTensorProto(Uint8Array.from(packed))).toEqual(expected);
});

test('unknown fields are dropped and the rest is kept', () => {
  const unknown = [...field(99, [1, 2, 3]), 0x98, 0x06, 7];
  const group = [0x9b, 0x06, 0x08, 1, 0x9c, 0x06];
  const known = encodeModel(SMALL);
  const bytes = Uint8Array.from([...unknown, ...known, ...group]);
  expect(encodeModel(decodeModel(bytes))).toEqual(known);
});

test('64-bit integers keep their extremes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      (int64Data, uint64Data) => {
        const written = tensor({ int64Data, uint64Data });
        expect(decodeTensorProto(encodeTensorProto(written))).toEqual(written);
      },
    ),
    { seed: RUNS.seed, examples: [[[-(2n ** 63n), 2n ** 63n - 1n, -1n], [2n ** 64n - 1n]]] },
  );
  // The wire form of int64's least value, from protobuf's encoding guide: ten bytes.
  const least = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01];
  expect([...encodeTensorProto(tensor({ dims: [-(2n ** 63n)] }))]).toEqual([0x08, ...least]);
});

test('numbers keep signed zeros, infinities and NaN', () => {
  const special = [0, -0, Infinity, -Infinity, NaN, 2 ** -149];
  const written = tensor({ floatData: special, doubleData: [...special, 5e-324], int32Data: [-1] });
  expect(decodeTensorProto(encodeTensorProto(written))).toEqual(written);
});

test('raw data are a view of the file, with the payloads of NaNs, at any alignment', () => {
  const payloads = Uint8Array.of(1, 0, 0x80, 0x7f, 0x34, 0x12, 0xc0, 0xff);
  const written = tensor({ name: 'odd', dims: [2n], dataType: 1, rawData: payloads });
  const bytes = encodeTensorProto(written);
  for (let offset = 0; offset < 4; offset += 1) {
    const shifted = new Uint8Array(bytes.length + offset);
    shifted.set(bytes, offset);
    const { rawData } = decodeTensorProto(shifted.subarray(offset));
    expect(rawData).toEqual(payloads);
    expect(rawData?.buffer).toBe(shifted.buffer);
  }
});
