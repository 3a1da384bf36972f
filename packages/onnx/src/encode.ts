/** Messages to ONNX files: fields in the order of their numbers, lists packed as onnx.proto says. */
import protobuf from 'protobufjs/minimal.js';
import { isScalar, type Loose, type MessageName, PLANS, WIRE } from './plan.ts';
import type { ModelProto, TensorProto } from './proto.ts';
import type { Scalar } from './schema.ts';
import { textToBytes } from './text.ts';

/** Writes an ONNX model: the same messages always give the same bytes. */
export function encodeModel(model: ModelProto): Uint8Array {
  return encode('Model', model);
}

/** Writes a lone TensorProto. */
export function encodeTensorProto(tensor: TensorProto): Uint8Array {
  return encode('Tensor', tensor);
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
    case 'string': {
      const bytes = textToBytes(value as string);
      if (bytes) writer.bytes(bytes);
      else writer.string(value as string);
      break;
    }
    case 'bytes':
      writer.bytes(value as Uint8Array);
      break;
    default:
      writer[type](value as number);
  }
}
