/** Protobuf's wire form, written byte by byte. */

function varint(size: number): number[] {
  return size < 128 ? [size] : [(size & 127) | 128, ...varint(size >>> 7)];
}

/** A field with a delimited value. */
export function field(id: number, body: readonly number[]): number[] {
  return varint((id << 3) | 2).concat(varint(body.length), body);
}

/** IR version 8 and a graph with these bytes. */
export function modelBytes(graphBody: readonly number[]): Uint8Array {
  return Uint8Array.from([0x08, 8].concat(field(7, graphBody)));
}
