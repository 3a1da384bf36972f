/** A generator.onnx read: its nodes, constants and metadata. Field numbers are onnx.proto's. */
import { sizeOf } from '@ganport/onnx';
import { SampleError } from '../error.ts';
import { type Field, fieldsOf, floatsOf, textOf, varintsOf } from './wire.ts';

/** Numbers of a shape. Whole numbers of 64 bits are doubles. */
export interface Tensor {
  shape: readonly number[];
  data: Float32Array | Float64Array | Uint8Array;
}

export type Attribute = number | number[] | string;

export interface Node {
  op: string;
  inputs: string[];
  outputs: string[];
  attributes: Record<string, Attribute>;
}

export interface Graph {
  nodes: Node[];
  constants: Map<string, Tensor>;
  metadata: Record<string, string>;
}

/** @throws SampleError if it is no model, or one with other than numbers of 32-bit floats and whole ones */
export function readGraph(model: Uint8Array): Graph {
  const graph: Graph = { nodes: [], constants: new Map(), metadata: {} };
  for (const [number, value] of fieldsOf(model)) {
    if (number === 14) {
      const { 1: key = '', 2: text = '' } = byNumber(value, textOf);
      graph.metadata[key] = text;
    }
    if (number !== 7) continue;
    for (const [inner, part] of fieldsOf(value as Uint8Array)) {
      if (inner === 1) graph.nodes.push(nodeOf(part));
      if (inner === 5) graph.constants.set(...constantOf(part));
    }
  }
  return graph;
}

function nodeOf(bytes: Field[1]): Node {
  const node: Node = { op: '', inputs: [], outputs: [], attributes: {} };
  for (const [number, value] of fieldsOf(bytes as Uint8Array)) {
    if (number === 1) node.inputs.push(textOf(value));
    if (number === 2) node.outputs.push(textOf(value));
    if (number === 4) node.op = textOf(value);
    if (number === 5) {
      const [name, attribute] = attributeOf(value as Uint8Array);
      node.attributes[name] = attribute;
    }
  }
  return node;
}

function attributeOf(bytes: Uint8Array): [string, Attribute] {
  let [name, attribute]: [string, Attribute] = ['', 0];
  const list: number[] = [];
  for (const [number, value] of fieldsOf(bytes)) {
    if (number === 1) name = textOf(value);
    if (number === 2 || number === 3) attribute = value as number;
    if (number === 4) attribute = textOf(value);
    if (number === 8) list.push(...varintsOf(value));
  }
  return [name, list.length > 0 ? list : attribute];
}

/** TensorProto.DataType. */
const [FLOAT, INT32, INT64] = [1, 6, 7];

function constantOf(bytes: Field[1]): [string, Tensor] {
  let [name, type, raw] = ['', 0, new Uint8Array(0)];
  const shape: number[] = [];
  for (const [number, value] of fieldsOf(bytes as Uint8Array)) {
    if (number === 1) shape.push(...varintsOf(value));
    if (number === 2) type = value as number;
    if (number === 8) name = textOf(value);
    if (number === 9) raw = value as Uint8Array<ArrayBuffer>;
  }
  const data = type === FLOAT ? floatsOf(raw) : wholeNumbers(raw, type);
  if (!data || data.length !== sizeOf(shape)) {
    throw new SampleError(`the constant "${name}" of the model is not one that can be read here`);
  }
  return [name, { shape, data }];
}

function wholeNumbers(raw: Uint8Array, type: number): Float64Array | undefined {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (type === INT32) {
    return Float64Array.from({ length: raw.length >>> 2 }, (_, i) => view.getInt32(4 * i, true));
  }
  if (type !== INT64) return undefined;
  return Float64Array.from({ length: raw.length >>> 3 }, (_, i) =>
    Number(view.getBigInt64(8 * i, true)),
  );
}

/** Most numbers of a tensor: half a gigabyte. */
const MAX_SIZE = 2 ** 27;

/** Zeros. @throws SampleError for more than a tensor may have: a file of a few bytes can ask for any number */
export function zeros(shape: readonly number[]): Float32Array {
  const size = sizeOf(shape);
  if (size <= MAX_SIZE) return new Float32Array(size);
  throw new SampleError(`the model has a tensor [${shape}], of more than ${MAX_SIZE} numbers`);
}

function byNumber<T>(bytes: Field[1], as: (value: Field[1]) => T): Record<number, T> {
  return Object.fromEntries(
    fieldsOf(bytes as Uint8Array).map(([number, value]) => [number, as(value)]),
  );
}
