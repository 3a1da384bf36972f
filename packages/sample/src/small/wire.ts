/**
 * The protobuf wire format (https://protobuf.dev/programming-guides/encoding/), as far as a generator.onnx needs it: a
 * hundredth of a protobuf library's size.
 */
import { SampleError } from '../error.ts';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** A field's number and value: a number, of a fixed32 the float that it holds, or bytes. */
export type Field = readonly [number: number, value: number | Uint8Array];

/** The fields of a message in their order, but those of 64 bits. @throws SampleError where the message ends within one */
export function fieldsOf(message: Uint8Array): Field[] {
  const { varint, bytes, isAtEnd } = readerOf(message);
  const fields: Field[] = [];
  while (!isAtEnd()) {
    const key = varint();
    const number = Math.floor(key / 8);
    const type = key % 8;
    if (type === VARINT) fields.push([number, varint()]);
    else if (type === BYTES) fields.push([number, bytes(varint())]);
    else if (type === FIXED32) fields.push([number, floatsOf(bytes(4))[0]!]);
    else if (type === FIXED64) bytes(8);
    else throw new SampleError(`the model has a field of wire type ${type}, which is none`);
  }
  return fields;
}

/** The numbers of a repeated field's value: one, or several packed ones. */
export function varintsOf(value: number | Uint8Array): number[] {
  if (typeof value === 'number') return [value];
  const { varint, isAtEnd } = readerOf(value);
  const numbers: number[] = [];
  while (!isAtEnd()) numbers.push(varint());
  return numbers;
}

/** Float32 as they lie in a file: little-endian, as every processor that runs browsers is. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  // A copy of its own, which Buffer's slice is not: float32 must be aligned.
  return new Float32Array(new Uint8Array(bytes.subarray(0, bytes.length & ~3)).buffer);
}

export function textOf(bytes: number | Uint8Array): string {
  return new TextDecoder().decode(bytes as Uint8Array);
}

function readerOf(message: Uint8Array) {
  let at = 0;
  const bytes = (count: number): Uint8Array => {
    if (count > message.length - at) throw new SampleError('the model is cut off');
    at += count;
    return message.subarray(at - count, at);
  };
  /** Up to 2^53, and negative numbers down to −2^53, exactly. */
  const varint = (): number => {
    let [low, high] = [0, 0];
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes(1)[0]!;
      const bits = byte & 127;
      // Bitwise operators know 32 bits: the fifth byte has some of both halves.
      if (shift < 32) low |= bits << shift;
      if (shift >= 28) high |= shift < 32 ? bits >> 4 : bits << (shift - 32);
      if (byte < 128) return high * 2 ** 32 + (low >>> 0);
    }
    throw new SampleError('the model has a number of more than 64 bits');
  };
  return { bytes, varint, isAtEnd: () => at === message.length };
}
