/**
 * ONNX files to messages and back, with protobufjs's wire reader and writer driven by one table of
 * field numbers. No code is generated, so it runs in a page whose Content-Security-Policy forbids
 * eval. Files are written in field order: encoding what was decoded gives the same bytes, unless the
 * file has fields that the table lacks, which are dropped, or NaN payloads in a list of floats
 * (raw data keeps them).
 */
import protobuf from 'protobufjs/minimal.js';
import { OnnxError } from './error.ts';
import type { ModelProto, TensorProto } from './proto.ts';
import { type Field, type Messages, SCHEMA, type Scalar } from './schema.ts';

/** Protobuf's own ceiling for one message; a larger model keeps its weights outside the file. */
const MAX_FILE_BYTES = 2 ** 31 - 1;

/** Subgraphs, sequence types and the like may nest this deep: ONNX's real models stay below ten. */
export const MAX_DEPTH = 64;

/**
 * Messages and byte strings in one file. An empty one takes two bytes in the file and some 330 in
 * memory, so a file of nothing else would grow 165-fold. A node takes about ten: this allows graphs
 * of 200,000 nodes.
 */
export const MAX_OBJECTS = 2 ** 21;

const WIRE = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

const SCALAR_WIRE: Record<Scalar, number> = {
  int64: WIRE.varint,
  uint64: WIRE.varint,
  int32: WIRE.varint,
  float: WIRE.fixed32,
  double: WIRE.fixed64,
  string: WIRE.delimited,
  bytes: WIRE.delimited,
};

type MessageName = keyof Messages;
/** A message seen through the table: its static type is restored by `decodeModel`. */
type Loose = Record<string, unknown>;

interface FieldPlan {
  readonly name: string;
  readonly id: number;
  readonly type: Field[1];
  readonly label: Field[2];
  readonly wire: number;
}

interface MessagePlan {
  readonly fields: readonly FieldPlan[];
  readonly byId: ReadonlyMap<number, FieldPlan>;
  readonly lists: readonly string[];
}

/** The table once more, in the forms that decoding and encoding look up. */
const PLANS = Object.fromEntries(
  Object.entries<Record<string, Field>>(SCHEMA).map(([message, table]): [string, MessagePlan] => {
    const fields = Object.entries(table).map(([name, [id, type, label]]) => {
      const wire = isScalar(type) ? SCALAR_WIRE[type] : WIRE.delimited;
      return { name, id, type, label, wire };
    });
    const byId = new Map(fields.map((field) => [field.id, field]));
    const lists = fields.filter(({ label }) => label !== 'optional').map(({ name }) => name);
    return [message, { fields, byId, lists }];
  }),
) as Record<MessageName, MessagePlan>;

/**
 * Reads an ONNX model. Tensors' raw data are views of `bytes`, not copies, at any alignment.
 * @throws OnnxError if the bytes are empty, truncated, not protobuf, hold no graph, or exceed
 * MAX_FILE_BYTES, MAX_DEPTH or MAX_OBJECTS.
 */
export function decodeModel(bytes: Uint8Array): ModelProto {
  if (bytes.length === 0) throw new OnnxError('not an ONNX model: the file is empty');
  if (bytes.length > MAX_FILE_BYTES) {
    throw new OnnxError(`the model has ${bytes.length} bytes; the limit is ${MAX_FILE_BYTES}`);
  }
  const model = decode('Model', bytes) as ModelProto;
  if (!model.graph || model.irVersion === undefined) {
    throw new OnnxError('not an ONNX model: it has no graph or no IR version');
  }
  return model;
}

/** Writes an ONNX model: the same messages always give the same bytes. */
export function encodeModel(model: ModelProto): Uint8Array {
  return encode('Model', model);
}

/** Reads a lone TensorProto, such as the `.pb` files of ONNX's backend tests. */
export function decodeTensorProto(bytes: Uint8Array): TensorProto {
  return decode('Tensor', bytes) as TensorProto;
}

/** Writes a lone TensorProto. */
export function encodeTensorProto(tensor: TensorProto): Uint8Array {
  return encode('Tensor', tensor);
}

/** A file being read: the objects made so far count against MAX_OBJECTS. */
interface Source {
  readonly reader: protobuf.Reader;
  objects: number;
}

function decode(message: MessageName, bytes: Uint8Array): unknown {
  try {
    const source = { reader: new protobuf.Reader(bytes), objects: 0 };
    return decodeMessage(message, source, bytes.length, 0);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OnnxError(`not an ONNX ${message.toLowerCase()}, or a damaged one: ${reason}`);
  }
}

function decodeMessage(message: MessageName, source: Source, end: number, depth: number): Loose {
  if (depth > MAX_DEPTH) throw new RangeError(`messages nest deeper than ${MAX_DEPTH}`);
  const { reader } = source;
  const { lists, byId } = PLANS[message];
  const result: Loose = {};
  for (const name of lists) result[name] = [];
  while (reader.pos < end) {
    const tag = reader.tag();
    const field = byId.get(tag >>> 3);
    if (field) decodeField(result, field, tag & 7, source, depth);
    else reader.skipType(tag & 7, 0, tag >>> 3);
  }
  if (reader.pos !== end) throw new RangeError(`a ${message} message runs past its end`);
  return result;
}

function decodeField(
  into: Loose,
  { name, type, label, wire: expected }: FieldPlan,
  wire: number,
  source: Source,
  depth: number,
): void {
  if (label !== 'optional' && wire === WIRE.delimited && expected !== WIRE.delimited) {
    // Readers must accept a packed list whatever the schema says.
    readPacked(source.reader, name, type as Scalar, into[name] as unknown[]);
    return;
  }
  if (wire !== expected)
    throw new RangeError(`${name} has wire type ${wire}, expected ${expected}`);
  if (!isScalar(type) || type === 'bytes') {
    source.objects += 1;
    if (source.objects > MAX_OBJECTS) {
      throw new RangeError(`the file holds more than ${MAX_OBJECTS} messages and byte strings`);
    }
  }
  const value = isScalar(type)
    ? readScalar(source.reader, type)
    : decodeMessage(type, source, readEnd(source.reader, type), depth + 1);
  if (label === 'optional') into[name] = value;
  else (into[name] as unknown[]).push(value);
}

/** Reads a length, and returns the position it leads to. */
function readEnd(reader: protobuf.Reader, what: string): number {
  const length = reader.size();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError(`${what} ends ${end - reader.len} bytes past the end`);
  return end;
}

function readPacked(reader: protobuf.Reader, name: string, type: Scalar, into: unknown[]): void {
  if (type === 'float') {
    reader.floats(into as number[]);
    return;
  }
  const end = readEnd(reader, name);
  while (reader.pos < end) into.push(readScalar(reader, type));
  if (reader.pos !== end) throw new RangeError(`the packed list ${name} runs past its end`);
}

function encode(message: MessageName, value: ModelProto | TensorProto): Uint8Array {
  return encodeMessage(message, value as unknown as Loose, new protobuf.Writer()).finish();
}

function encodeMessage(
  message: MessageName,
  value: Loose,
  writer: protobuf.Writer,
): protobuf.Writer {
  for (const { name, id, type, label, wire } of PLANS[message].fields) {
    const field = value[name];
    if (field === undefined) continue;
    if (label === 'packed') {
      const items = field as unknown[];
      if (items.length === 0) continue;
      writer.uint32((id << 3) | WIRE.delimited).fork();
      for (const item of items) writeScalar(writer, type as Scalar, item);
      writer.ldelim();
      continue;
    }
    for (const item of label === 'repeated' ? (field as unknown[]) : [field]) {
      writer.uint32((id << 3) | wire);
      if (isScalar(type)) writeScalar(writer, type, item);
      else encodeMessage(type, item as Loose, writer.fork()).ldelim();
    }
  }
  return writer;
}

function isScalar(type: Field[1]): type is Scalar {
  return type in SCALAR_WIRE;
}

function readScalar(reader: protobuf.Reader, type: Scalar): unknown {
  switch (type) {
    case 'int64': {
      const { low, high } = reader.int64() as protobuf.Long;
      return (BigInt(high) << 32n) | BigInt(low >>> 0);
    }
    case 'uint64': {
      const { low, high } = reader.uint64() as protobuf.Long;
      return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    }
    default:
      return reader[type]();
  }
}

function writeScalar(writer: protobuf.Writer, type: Scalar, value: unknown): void {
  switch (type) {
    case 'int64':
    case 'uint64': {
      const bits = BigInt.asUintN(64, value as bigint);
      const unsigned = type === 'uint64';
      // A Long is a plain record of three fields.
      const long = { low: Number(bits & 0xffffffffn) | 0, high: Number(bits >> 32n) | 0, unsigned };
      writer[type](long as protobuf.Long);
      break;
    }
    case 'string':
      writer.string(value as string);
      break;
    case 'bytes':
      writer.bytes(value as Uint8Array);
      break;
    default:
      writer[type](value as number);
  }
}
