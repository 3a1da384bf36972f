/** What TensorBoard reads: Event messages (tensorboard/compat/proto/event.proto), each in a TFRecord. */
import { maskedCrc32c } from './crc32c.ts';

/** A record: length (8 bytes), its CRC (4), the data, their CRC (4), little-endian. */
export function record(data: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(data.length + 16);
  framed.writeBigUInt64LE(BigInt(data.length), 0);
  framed.writeUInt32LE(maskedCrc32c(framed.subarray(0, 8)), 8);
  framed.set(data, 12);
  framed.writeUInt32LE(maskedCrc32c(data), data.length + 12);
  return framed;
}

/** What an event says: one of these. */
export type What =
  | { version: string }
  | { summary: Record<string, number | Png> }
  /** A training that begins: what earlier files have of its step and later ones is passed over. */
  | { start: true };

interface Png {
  png: Uint8Array;
}

/** @param seconds since 1970 */
export function event(seconds: number, step: number, what: What): Uint8Array {
  return Buffer.concat([
    ...[double(1, seconds), varintField(2, step)],
    'version' in what
      ? text(3, what.version)
      : 'start' in what
        ? message(7, varintField(1, START))
        : message(5, ...Object.entries(what.summary).map(value)),
  ]);
}

/** SessionLog.SessionStatus. */
const START = 1;

function value([tag, given]: [string, number | Png]): Uint8Array {
  const of = typeof given === 'number' ? float(2, given) : message(4, ...image(given.png));
  return message(1, text(1, tag), of);
}

/** Summary.Image: size and colours are in a PNG's first chunk, too. */
function image(png: Uint8Array): Uint8Array[] {
  const { width, height, channels } = pngSize(png);
  return [varintField(1, height), varintField(2, width), varintField(3, channels), bytes(4, png)];
}

/** PNG's types of colour, as how many numbers a pixel has. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

function pngSize(png: Uint8Array) {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const channels = CHANNELS[view.getUint8(25)] ?? 3;
  return { width: view.getUint32(16), height: view.getUint32(20), channels };
}

// Protobuf's wire form: https://protobuf.dev/programming-guides/encoding/

function varint(number: number): Uint8Array {
  const digits: number[] = [];
  let rest = number;
  for (; rest >= 128; rest = Math.floor(rest / 128)) digits.push((rest % 128) | 128);
  return Uint8Array.from([...digits, rest]);
}

function key(field: number, wireType: number): Uint8Array {
  return varint((field << 3) | wireType);
}

function varintField(field: number, number: number): Uint8Array {
  return Buffer.concat([key(field, 0), varint(number)]);
}

function double(field: number, number: number): Uint8Array {
  const encoded = Buffer.alloc(8);
  encoded.writeDoubleLE(number);
  return Buffer.concat([key(field, 1), encoded]);
}

function float(field: number, number: number): Uint8Array {
  const encoded = Buffer.alloc(4);
  encoded.writeFloatLE(number);
  return Buffer.concat([key(field, 5), encoded]);
}

function bytes(field: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([key(field, 2), varint(content.length), content]);
}

function text(field: number, content: string): Uint8Array {
  return bytes(field, Buffer.from(content));
}

function message(field: number, ...fields: readonly Uint8Array[]): Uint8Array {
  return bytes(field, Buffer.concat(fields));
}
