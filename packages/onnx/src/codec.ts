/**
 * ONNX files to messages and back, with protobufjs's wire reader and writer driven by one table of
 * field numbers. No code is generated, so it runs in a page whose Content-Security-Policy forbids
 * eval. Files are written in field order: encoding what was decoded gives the same bytes.
 */
import protobuf from 'protobufjs/minimal.js';
import { OnnxError } from './error.ts';
import type {
  AttributeProto,
  DimensionProto,
  ElementTypeProto,
  FunctionProto,
  GraphProto,
  MapTypeProto,
  ModelProto,
  NodeProto,
  OperatorSetIdProto,
  SparseTensorProto,
  StringStringEntryProto,
  TensorAnnotation,
  TensorProto,
  TensorSegment,
  TensorShapeProto,
  TensorTypeProto,
  TrainingInfoProto,
  TypeProto,
  ValueInfoProto,
} from './proto.ts';

/** Protobuf's own ceiling for one message; a larger model keeps its weights outside the file. */
export const MAX_FILE_BYTES = 2 ** 31 - 1;

/** Subgraphs, sequence types and the like may nest this deep: ONNX's real models stay below ten. */
export const MAX_DEPTH = 64;

interface Messages {
  Model: ModelProto;
  OperatorSetId: OperatorSetIdProto;
  StringStringEntry: StringStringEntryProto;
  TrainingInfo: TrainingInfoProto;
  Graph: GraphProto;
  TensorAnnotation: TensorAnnotation;
  Node: NodeProto;
  Attribute: AttributeProto;
  Tensor: TensorProto;
  Segment: TensorSegment;
  SparseTensor: SparseTensorProto;
  ValueInfo: ValueInfoProto;
  Type: TypeProto;
  TensorType: TensorTypeProto;
  ElementType: ElementTypeProto;
  MapType: MapTypeProto;
  TensorShape: TensorShapeProto;
  Dimension: DimensionProto;
  Function: FunctionProto;
}

type Scalar = 'int64' | 'uint64' | 'int32' | 'float' | 'double' | 'string' | 'bytes';
type Label = 'optional' | 'repeated' | 'packed';
type Field = readonly [id: number, type: Scalar | keyof Messages, label: Label];
type Fields<M> = { readonly [K in keyof Required<M>]: Field };

const one = (id: number, type: Field[1]): Field => [id, type, 'optional'];
const many = (id: number, type: Field[1]): Field => [id, type, 'repeated'];
const packed = (id: number, type: Scalar): Field => [id, type, 'packed'];

/** Field numbers of onnx.proto, each message's fields in ascending order. */
const SCHEMA: { readonly [M in keyof Messages]: Fields<Messages[M]> } = {
  Model: {
    irVersion: one(1, 'int64'),
    producerName: one(2, 'string'),
    producerVersion: one(3, 'string'),
    domain: one(4, 'string'),
    modelVersion: one(5, 'int64'),
    docString: one(6, 'string'),
    graph: one(7, 'Graph'),
    opsetImport: many(8, 'OperatorSetId'),
    metadataProps: many(14, 'StringStringEntry'),
    trainingInfo: many(20, 'TrainingInfo'),
    functions: many(25, 'Function'),
  },
  OperatorSetId: { domain: one(1, 'string'), version: one(2, 'int64') },
  StringStringEntry: { key: one(1, 'string'), value: one(2, 'string') },
  TrainingInfo: {
    initialization: one(1, 'Graph'),
    algorithm: one(2, 'Graph'),
    initializationBinding: many(3, 'StringStringEntry'),
    updateBinding: many(4, 'StringStringEntry'),
  },
  Graph: {
    node: many(1, 'Node'),
    name: one(2, 'string'),
    initializer: many(5, 'Tensor'),
    docString: one(10, 'string'),
    input: many(11, 'ValueInfo'),
    output: many(12, 'ValueInfo'),
    valueInfo: many(13, 'ValueInfo'),
    quantizationAnnotation: many(14, 'TensorAnnotation'),
    sparseInitializer: many(15, 'SparseTensor'),
    metadataProps: many(16, 'StringStringEntry'),
  },
  TensorAnnotation: {
    tensorName: one(1, 'string'),
    quantParameterTensorNames: many(2, 'StringStringEntry'),
  },
  Node: {
    input: many(1, 'string'),
    output: many(2, 'string'),
    name: one(3, 'string'),
    opType: one(4, 'string'),
    attribute: many(5, 'Attribute'),
    docString: one(6, 'string'),
    domain: one(7, 'string'),
    overload: one(8, 'string'),
    metadataProps: many(9, 'StringStringEntry'),
  },
  Attribute: {
    name: one(1, 'string'),
    f: one(2, 'float'),
    i: one(3, 'int64'),
    s: one(4, 'bytes'),
    t: one(5, 'Tensor'),
    g: one(6, 'Graph'),
    floats: many(7, 'float'),
    ints: many(8, 'int64'),
    strings: many(9, 'bytes'),
    tensors: many(10, 'Tensor'),
    graphs: many(11, 'Graph'),
    docString: one(13, 'string'),
    tp: one(14, 'Type'),
    typeProtos: many(15, 'Type'),
    type: one(20, 'int32'),
    refAttrName: one(21, 'string'),
    sparseTensor: one(22, 'SparseTensor'),
    sparseTensors: many(23, 'SparseTensor'),
  },
  Tensor: {
    dims: many(1, 'int64'),
    dataType: one(2, 'int32'),
    segment: one(3, 'Segment'),
    floatData: packed(4, 'float'),
    int32Data: packed(5, 'int32'),
    stringData: many(6, 'bytes'),
    int64Data: packed(7, 'int64'),
    name: one(8, 'string'),
    rawData: one(9, 'bytes'),
    doubleData: packed(10, 'double'),
    uint64Data: packed(11, 'uint64'),
    docString: one(12, 'string'),
    externalData: many(13, 'StringStringEntry'),
    dataLocation: one(14, 'int32'),
    metadataProps: many(16, 'StringStringEntry'),
  },
  Segment: { begin: one(1, 'int64'), end: one(2, 'int64') },
  SparseTensor: { values: one(1, 'Tensor'), indices: one(2, 'Tensor'), dims: many(3, 'int64') },
  ValueInfo: {
    name: one(1, 'string'),
    type: one(2, 'Type'),
    docString: one(3, 'string'),
    metadataProps: many(4, 'StringStringEntry'),
  },
  Type: {
    tensorType: one(1, 'TensorType'),
    sequenceType: one(4, 'ElementType'),
    mapType: one(5, 'MapType'),
    denotation: one(6, 'string'),
    sparseTensorType: one(8, 'TensorType'),
    optionalType: one(9, 'ElementType'),
  },
  TensorType: { elemType: one(1, 'int32'), shape: one(2, 'TensorShape') },
  ElementType: { elemType: one(1, 'Type') },
  MapType: { keyType: one(1, 'int32'), valueType: one(2, 'Type') },
  TensorShape: { dim: many(1, 'Dimension') },
  Dimension: {
    dimValue: one(1, 'int64'),
    dimParam: one(2, 'string'),
    denotation: one(3, 'string'),
  },
  Function: {
    name: one(1, 'string'),
    input: many(4, 'string'),
    output: many(5, 'string'),
    attribute: many(6, 'string'),
    node: many(7, 'Node'),
    docString: one(8, 'string'),
    opsetImport: many(9, 'OperatorSetId'),
    domain: one(10, 'string'),
    attributeProto: many(11, 'Attribute'),
    valueInfo: many(12, 'ValueInfo'),
    overload: one(13, 'string'),
    metadataProps: many(14, 'StringStringEntry'),
  },
};

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

type Reader = protobuf.Reader;
type Writer = protobuf.Writer;
/** A message seen through the table: its static type is restored by `decodeModel`. */
type Loose = Record<string, unknown>;

/** The table once more, by field number: what decoding looks up. */
const BY_ID = Object.fromEntries(
  Object.entries(SCHEMA).map(([message, fields]) => [
    message,
    new Map(Object.entries(fields).map(([name, field]) => [field[0], { name, field }])),
  ]),
) as Record<keyof Messages, Map<number, { name: string; field: Field }>>;

/**
 * Reads an ONNX model. Tensors' raw data are views of `bytes`, not copies.
 * @throws OnnxError if the bytes are empty, truncated, not protobuf, or hold no graph.
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

function decode(message: keyof Messages, bytes: Uint8Array): unknown {
  try {
    return decodeMessage(message, new protobuf.Reader(bytes), bytes.length, 0);
  } catch (error) {
    if (error instanceof OnnxError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new OnnxError(`not an ONNX ${message.toLowerCase()}, or a truncated one: ${reason}`);
  }
}

function encode(message: keyof Messages, value: ModelProto | TensorProto): Uint8Array {
  return encodeMessage(message, value as unknown as Loose, new protobuf.Writer()).finish();
}

function decodeMessage(message: keyof Messages, reader: Reader, end: number, depth: number): Loose {
  if (depth > MAX_DEPTH) throw new OnnxError(`messages nest deeper than ${MAX_DEPTH}`);
  const result: Loose = {};
  for (const [name, [, , label]] of Object.entries<Field>(SCHEMA[message])) {
    if (label !== 'optional') result[name] = [];
  }
  while (reader.pos < end) {
    const tag = reader.uint32();
    const wire = tag & 7;
    const known = BY_ID[message].get(tag >>> 3);
    if (known) decodeField(result, known.name, known.field, wire, reader, depth);
    else reader.skipType(wire, 0, tag >>> 3);
  }
  if (reader.pos !== end) throw new OnnxError(`a ${message} message runs past its end`);
  return result;
}

function decodeField(
  into: Loose,
  name: string,
  [, type, label]: Field,
  wire: number,
  reader: Reader,
  depth: number,
): void {
  const read = (): unknown => {
    if (isScalar(type)) return readScalar(reader, type);
    const end = reader.uint32() + reader.pos;
    if (end > reader.len)
      throw new RangeError(`${type} ends ${end - reader.len} bytes past the end`);
    return decodeMessage(type, reader, end, depth + 1);
  };
  const expected = isScalar(type) ? SCALAR_WIRE[type] : WIRE.delimited;
  const list = into[name] as unknown[];
  if (label !== 'optional' && wire === WIRE.delimited && expected !== WIRE.delimited) {
    // Readers must accept a packed list whatever the schema says.
    const end = reader.uint32() + reader.pos;
    if (end > reader.len)
      throw new RangeError(`${name} ends ${end - reader.len} bytes past the end`);
    while (reader.pos < end) list.push(read());
  } else if (wire !== expected) {
    throw new OnnxError(`${name} has wire type ${wire}, expected ${expected}`);
  } else if (label === 'optional') {
    into[name] = read();
  } else {
    list.push(read());
  }
}

function encodeMessage(message: keyof Messages, value: Loose, writer: Writer): Writer {
  for (const [name, [id, type, label]] of Object.entries<Field>(SCHEMA[message])) {
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
      if (isScalar(type)) {
        writer.uint32((id << 3) | SCALAR_WIRE[type]);
        writeScalar(writer, type, item);
      } else {
        writer.uint32((id << 3) | WIRE.delimited).fork();
        encodeMessage(type, item as Loose, writer).ldelim();
      }
    }
  }
  return writer;
}

function isScalar(type: Field[1]): type is Scalar {
  return type in SCALAR_WIRE;
}

function readScalar(reader: Reader, type: Scalar): unknown {
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

function writeScalar(writer: Writer, type: Scalar, value: unknown): void {
  switch (type) {
    case 'int64':
    case 'uint64': {
      const bits = BigInt.asUintN(64, value as bigint);
      const unsigned = type === 'uint64';
      // biome-ignore format: a Long is a plain record of three fields.
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
