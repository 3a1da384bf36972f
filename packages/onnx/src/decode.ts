/**
 * ONNX files to messages, with protobufjs's wire reader driven by one table of field numbers. No code is
 * generated, so it runs in a page whose Content-Security-Policy forbids eval. Files are read as protobuf's
 * own readers read them, whoever wrote them: unknown fields are skipped, messages that come twice are
 * merged, of other fields the last one stays. docs/onnx-checker.md lists what encoding (encode.ts) does
 * not bring back byte for byte.
 */
import protobuf from 'protobufjs/minimal.js';
import { firstLine, OnnxError } from './error.ts';
import { createMemory, type Memory } from './memory.ts';
import { NumberList, type Numbers, type NumberType } from './number-list.ts';
import {
  type FieldPlan,
  isList,
  isScalar,
  type Loose,
  type MessageName,
  PLANS,
  WIRE,
} from './plan.ts';
import type { ModelProto, TensorProto } from './proto.ts';
import { recognise } from './recognise.ts';
import type { Scalar } from './schema.ts';
import { bytesToText } from './text.ts';

/** Protobuf's own ceiling for one message; a larger model keeps its weights outside the file. */
const MAX_FILE_BYTES = 2 ** 31 - 1;

/** Subgraphs, sequence types and the like may nest as deep as protobuf's own readers allow. */
export const MAX_DEPTH = 100;

/** Of 64 bits, seven in each. */
const MAX_VARINT_BYTES = 10;

/**
 * Reads an ONNX model. Tensors' raw data are views of `bytes`, not copies, at any alignment.
 * @throws OnnxError if the bytes are empty, truncated, not protobuf, hold no graph, or exceed
 * MAX_FILE_BYTES, MAX_DEPTH or the memory that a file of its size may take (memory.ts).
 */
export function decodeModel(bytes: Uint8Array): ModelProto {
  const { model, problem } = decodeReadable(bytes);
  if (!model || problem !== undefined) throw new OnnxError(problem!);
  return model;
}

/** What could be read of a file. */
export interface Readable {
  /** Undefined where nothing of a model was found. */
  model?: ModelProto;
  /** Why the rest could not be read. */
  problem?: string;
}

/** Reads as much of an ONNX model as there is in a file that may be damaged, or no model at all. */
export function decodeReadable(bytes: Uint8Array): Readable {
  if (bytes.length === 0) return { problem: 'not an ONNX model: the file is empty' };
  if (bytes.length > MAX_FILE_BYTES) {
    return { problem: `the model has ${bytes.length} bytes; the limit is ${MAX_FILE_BYTES}` };
  }
  const root = emptyMessage('Model');
  const model = root as unknown as ModelProto;
  const damage = decode('Model', bytes, root);
  if (damage === undefined && model.graph && model.irVersion !== undefined) return { model };
  const other = recognise(bytes);
  if (other) return { problem: `not an ONNX model: it is ${other}` };
  if (damage === undefined) {
    return { model, problem: 'not an ONNX model: it has no graph or no IR version' };
  }
  const problem = `not an ONNX model, or a damaged one: ${damage}`;
  return model.graph || model.irVersion !== undefined ? { model, problem } : { problem };
}

/** Reads a lone TensorProto, such as the `.pb` files of ONNX's backend tests. */
export function decodeTensorProto(bytes: Uint8Array): TensorProto {
  const root = emptyMessage('Tensor');
  const damage = decode('Tensor', bytes, root);
  if (damage !== undefined) throw new OnnxError(`not an ONNX tensor, or a damaged one: ${damage}`);
  return root as unknown as TensorProto;
}

/** A file being read. */
interface Source {
  readonly reader: protobuf.Reader;
  readonly memory: Memory;
}

/** Fills `root` with what can be read, and returns what is wrong with the rest. */
function decode(message: MessageName, bytes: Uint8Array, root: Loose): string | undefined {
  const source = { reader: new protobuf.Reader(bytes), memory: createMemory(bytes.length) };
  try {
    decodeMessage(message, root, source, bytes.length, 0);
    return undefined;
  } catch (error) {
    return `${firstLine(error)}, at byte ${source.reader.pos} of ${bytes.length}`;
  }
}

/** What most lists are. Frozen, since all messages share it. */
const EMPTY = Object.freeze([]) as readonly unknown[];

function emptyMessage(message: MessageName): Loose {
  const result: Loose = {};
  for (const name of PLANS[message].lists) result[name] = EMPTY;
  return result;
}

function decodeMessage(
  message: MessageName,
  into: Loose,
  source: Source,
  end: number,
  depth: number,
): void {
  if (depth > MAX_DEPTH) throw new RangeError(`messages nest deeper than ${MAX_DEPTH}`);
  try {
    decodeFields(message, into, source, end, depth);
  } finally {
    // What comes before damage is kept.
    for (const name of PLANS[message].lists) into[name] = finished(into[name] as List);
  }
}

/** A list as it is read: numbers that onnx.proto packs into one block, or anything else. */
type List = readonly unknown[] | Numbers | NumberList;

function finished(list: List): List {
  if (list instanceof NumberList) return list.finish();
  // An array that was pushed to has room for sixteen more.
  return Array.isArray(list) && list.length > 1 && list.length <= 16 ? list.slice() : list;
}

function decodeFields(
  message: MessageName,
  into: Loose,
  source: Source,
  end: number,
  depth: number,
): void {
  const { reader } = source;
  const { byId, oneof } = PLANS[message];
  while (reader.pos < end) {
    const tag = reader.tag();
    const field = byId.get(tag >>> 3);
    const wire = tag & 7;
    if (field && (wire === field.wire || (wire === WIRE.delimited && isList(field)))) {
      if (field.label === 'oneof')
        for (const name of oneof) if (name !== field.name) delete into[name];
      decodeField(into, field, wire, source, depth);
    }
    // To protobuf, a field of another wire type is an unknown one.
    else skip(reader, wire, depth, tag >>> 3);
  }
  if (reader.pos !== end) throw new RangeError(`a ${message} message runs past its end`);
}

function decodeField(
  into: Loose,
  field: FieldPlan,
  wire: number,
  source: Source,
  depth: number,
): void {
  const { name, type } = field;
  if (wire !== field.wire) {
    // Readers must accept a packed list whatever the schema says.
    readPacked(into, field, source);
    return;
  }
  if (!isScalar(type)) {
    // A message that comes twice is merged.
    const known = isList(field) ? undefined : (into[name] as Loose | undefined);
    const value = known ?? emptyMessage(type);
    if (!known) {
      source.memory.take('message', 1);
      source.memory.take('field', PLANS[type].fields.length);
    }
    // Before it is read: what comes before damage is kept.
    if (isList(field)) append(into, field, value, source);
    else into[name] = value;
    decodeInner(type, value, source, depth + 1);
    return;
  }
  const value = readScalar(source, type);
  if (isList(field)) append(into, field, value, source);
  else if (field.greatest === undefined || isWithin(value as number, field.greatest)) {
    into[name] = value;
  }
}

function isWithin(value: number, greatest: number): boolean {
  return value >= 0 && value <= greatest;
}

function append(into: Loose, field: FieldPlan, value: unknown, { memory }: Source): void {
  const list = into[field.name] as unknown[];
  if (field.label === 'packed') numbersOf(into, field).push(value);
  else {
    memory.take('entry', 1);
    if (typeof value === 'bigint') memory.take('integer', 1);
    if (list.length > 0) list.push(value);
    else into[field.name] = [value];
  }
}

function numbersOf(into: Loose, { name, type }: FieldPlan): NumberList {
  const list = into[name] as List;
  if (list instanceof NumberList) return list;
  const finished = ArrayBuffer.isView(list) ? (list as Numbers) : undefined;
  const numbers = new NumberList(type as NumberType, finished);
  into[name] = numbers;
  return numbers;
}

/** Reads a length and the message of that length; where the file is cut off, as much as there is. */
function decodeInner(type: MessageName, into: Loose, source: Source, depth: number): void {
  const { reader } = source;
  const end = reader.size() + reader.pos;
  const lacks = end - reader.len;
  if (lacks <= 0) {
    decodeMessage(type, into, source, end, depth);
    return;
  }
  try {
    decodeMessage(type, into, source, reader.len, depth);
  } catch {
    // The outermost message that is cut off tells how much is missing.
  }
  throw new RangeError(`${type} ends ${lacks} bytes past the end`);
}

function skip(reader: protobuf.Reader, wire: number, depth: number, id: number): void {
  const start = reader.pos;
  reader.skipType(wire, depth, id);
  // protobufjs skips varints of any length.
  if (wire === WIRE.varint && id > 0 && reader.pos - start > MAX_VARINT_BYTES) {
    throw new RangeError('invalid varint encoding');
  }
}

function readPacked(into: Loose, field: FieldPlan, source: Source): void {
  const { reader } = source;
  const { name, wire, label } = field;
  const type = field.type as Scalar;
  const end = reader.size() + reader.pos;
  if (end > reader.len) {
    throw new RangeError(`${name} ends ${end - reader.len} bytes past the end`);
  }
  if (label === 'packed') {
    const numbers = numbersOf(into, field);
    numbers.reserve(countPacked(reader, wire, end));
    while (reader.pos < end) numbers.push(readScalar(source, type));
  } else {
    while (reader.pos < end) append(into, field, readScalar(source, type), source);
  }
  if (reader.pos !== end) throw new RangeError(`the packed list ${name} runs past its end`);
}

/** How many numbers there are up to `end`; a varint's last byte is below 128. */
function countPacked({ buf, pos }: protobuf.Reader, wire: number, end: number): number {
  if (wire !== WIRE.varint) return Math.floor((end - pos) / (wire === WIRE.fixed32 ? 4 : 8));
  let count = 0;
  for (let at = pos; at < end; at++) if (buf[at]! < 0x80) count++;
  return count;
}

function readScalar({ reader, memory }: Source, type: Scalar): unknown {
  switch (type) {
    case 'int64': {
      const { low, high } = reader.int64() as protobuf.Long;
      return (BigInt(high) << 32n) | BigInt(low >>> 0);
    }
    case 'uint64': {
      const { low, high } = reader.uint64() as protobuf.Long;
      return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    }
    case 'string': {
      const text = readText(reader);
      memory.take('text', 1 + text.length / 12);
      return text;
    }
    case 'bytes':
      memory.take('bytes', 1);
      return reader.bytes();
    default:
      return reader[type]();
  }
}

function readText(reader: protobuf.Reader): string {
  const start = reader.pos;
  const text = reader.string();
  if (!text.includes('\ufffd')) return text;
  reader.pos = start;
  return bytesToText(reader.bytes());
}
