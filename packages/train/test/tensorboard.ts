/** A reader of event files, written from the formats' descriptions and not from what writes them here. */

/** CRC-32C bit by bit, of a message and a remainder: no table. */
export function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function unmask(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

/** The data of each record. @throws Error where a CRC is not that of what it is of, or a record is cut */
export function readRecords(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + length);
    if (unmask(file.readUInt32LE(at + 8)) !== slowCrc32c(file.subarray(at, at + 8))) {
      throw new Error('the length is damaged');
    }
    if (unmask(file.readUInt32LE(at + 12 + length)) !== slowCrc32c(data)) {
      throw new Error('the data are damaged');
    }
    records.push(data);
    at += length + 16;
  }
  return records;
}

type Field = number | Buffer;

/** Fields of a message by number, each with all its values: numbers, or bytes. */
export function fields(message: Buffer): Map<number, Field[]> {
  const found = new Map<number, Field[]>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let power = 1; ; power *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * power;
      if (byte < 128) return value;
    }
  };
  const read = (wireType: number): Field => {
    if (wireType === 0) return varint();
    if (wireType === 1) {
      at += 8;
      return message.readDoubleLE(at - 8);
    }
    if (wireType === 5) {
      at += 4;
      return message.readFloatLE(at - 4);
    }
    if (wireType !== 2) throw new Error(`wire type ${wireType}`);
    const length = varint();
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const key = varint();
    const values = found.get(key >>> 3) ?? [];
    values.push(read(key & 7));
    found.set(key >>> 3, values);
  }
  return found;
}
