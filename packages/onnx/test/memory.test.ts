/** Files that are small and would be large in memory: each is read within it, or refused. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { decodeModel, decodeReadable } from '../src/decode.ts';
import { encodeModel } from '../src/encode.ts';
import { graph, model, node, tensor } from './messages.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MB = 2 ** 20;

function varint(size: number): number[] {
  return size < 128 ? [size] : [(size & 127) | 128, ...varint(size >>> 7)];
}

/** A field with a delimited value. */
function field(id: number, body: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.from([...varint(id * 8 + 2), ...varint(body.length)]), body]);
}

/** Bytes over and over, some megabytes of them. */
function many(megabytes: number, ...bytes: number[]): Buffer {
  return Buffer.alloc(megabytes * MB - ((megabytes * MB) % bytes.length), Uint8Array.from(bytes));
}

const modelOf = (...fields: Buffer[]) =>
  Buffer.concat([Uint8Array.of(0x08, 8), field(7, Buffer.concat(fields))]);
const tensorOf = (body: Buffer) => modelOf(field(5, body));
const attributeOf = (body: Buffer) => modelOf(field(1, field(5, body)));

/** Bytes that are held after `make` beyond those before. */
function held(make: () => unknown): number {
  collect();
  const before = process.memoryUsage();
  const kept = make();
  collect();
  const after = process.memoryUsage();
  expect(kept).toBeDefined();
  return after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
}

test.each<[string, Buffer]>([
  ['a packed list of int64 of one byte each', tensorOf(field(7, many(1, 1)))],
  ['the same one by one', tensorOf(many(1, 0x38, 1))],
  ['packed lists of one int64 each', tensorOf(many(1, 0x3a, 1, 1))],
  ['a packed list of uint64', tensorOf(field(11, many(1, 1)))],
  ['a packed list of int32', tensorOf(field(5, many(1, 1)))],
  ['a packed list of floats', tensorOf(field(4, many(1, 0, 0, 128, 63)))],
  ['an attribute’s floats', attributeOf(field(7, many(1, 0, 0, 128, 63)))],
  ['empty names', modelOf(field(1, many(1, 0x0a, 0)))],
  ['names of two letters', modelOf(field(1, many(1, 0x0a, 2, 97, 98)))],
  ['one long name', modelOf(field(2, many(1, 97)))],
  ['one long name beyond Latin-1', modelOf(field(2, many(1, 0xe2, 0x82, 0xac)))],
])('%s takes at most ten times its size', (_, bytes) => {
  expect(held(() => decodeModel(bytes)) + bytes.length).toBeLessThan(10 * bytes.length);
});

test.each<[string, Buffer]>([
  ['dims of one byte each', tensorOf(field(1, many(2, 1)))],
  ['an attribute’s ints', attributeOf(field(8, many(2, 1)))],
  ['empty nodes', modelOf(many(2, 0x0a, 0))],
  ['empty tensors', modelOf(many(2, 0x2a, 0))],
  ['empty attributes', modelOf(field(1, many(2, 0x2a, 0)))],
  ['empty metadata', Buffer.concat([modelOf(), many(2, 0x72, 0)])],
  ['empty byte strings', tensorOf(many(2, 0x32, 0))],
  ['nodes of one input and output', modelOf(many(3, 0x0a, 6, 0x0a, 1, 97, 0x12, 1, 98))],
])('%s are refused before they take 64 MB', (_, bytes) => {
  let problem: string | undefined;
  const taken = held(() => {
    const read = decodeReadable(bytes);
    problem = read.problem;
    return read;
  });
  expect(problem).toMatch(/expected values that take at most \d+ bytes of memory/);
  expect(taken + bytes.length).toBeLessThan(64 * MB);
});

test('merging messages that come many times takes no time for what was merged before', () => {
  const nodes = modelOf(many(1, 0x0a, 2, 0x18, 0)).subarray(2);
  // Each adds nothing to the graph, or a number to the same tensor.
  const empty = Buffer.concat([Uint8Array.of(0x08, 8), nodes, many(2, 0x3a, 0)]);
  const numbers = attributeOf(many(2, 0x2a, 2, 0x38, 1));
  const began = performance.now();
  decodeModel(empty);
  decodeModel(numbers);
  expect(performance.now() - began).toBeLessThan(10_000);
});

test('a graph of 20,000 nodes is read', () => {
  const nodes = Array.from({ length: 20_000 }, (_, i) =>
    node({ name: `node${i}`, opType: 'Add', input: [`x${i}`, 'w'], output: [`x${i + 1}`] }),
  );
  const bytes = encodeModel(model({ graph: graph({ node: nodes }) }));
  expect(decodeModel(bytes).graph?.node).toEqual(nodes);
});

test('a list that goes on in a second message goes on in memory', () => {
  const first = field(5, field(5, field(7, Buffer.from([1, 2]))));
  const second = field(5, field(5, Buffer.from([0x38, 3])));
  // The attribute’s tensor is of one field number with it: 5.
  const merged = modelOf(
    field(1, field(5, Buffer.concat([first.subarray(2), second.subarray(2)]))),
  );
  const [attribute] = decodeModel(merged).graph!.node[0]!.attribute;
  expect(attribute!.t).toEqual(tensor({ int64Data: [1n, 2n, 3n] }));
});
