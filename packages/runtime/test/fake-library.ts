/** Libraries of Linux that hold no code, made for tests: as much of ELF as is read. */

export interface FakeLibrary {
  /** e_machine: 62 is x64, 183 arm64. */
  machine?: number;
  /** Libraries it is linked against. */
  needed?: readonly string[];
  /** Bytes before the dynamic section. */
  padding?: number;
}

/** Where fields are that a test damages; those of `dynamic` follow its own place. */
export const AT = { programOffset: 32, programSize: 54, programCount: 56 } as const;

/** In memory everything is this much further on than in the file. */
const SHIFT = 0x1000;
const HEADER = 64;
const PROGRAM = 56;

/** A header, two segments, the dynamic section, its strings, and an empty section header at the end. */
export function fakeLibrary({ machine = 62, needed = [], padding = 0 }: FakeLibrary = {}): Buffer {
  const strings = Buffer.from(`\0${needed.map((name) => `${name}\0`).join('')}`, 'latin1');
  const dynamicAt = HEADER + 2 * PROGRAM + padding;
  const entries: [number, number][] = [];
  let name = 1;
  for (const { length } of needed) {
    entries.push([1, name]);
    name += length + 1;
  }
  const dynamicSize = 16 * (entries.length + 3);
  const stringsAt = dynamicAt + dynamicSize;
  entries.push([5, stringsAt + SHIFT], [10, strings.length], [0, 0]);
  const sectionsAt = stringsAt + strings.length;
  const file = Buffer.alloc(sectionsAt + 64);
  file.write('\x7fELF\x02\x01\x01', 'latin1');
  file.writeUInt16LE(3, 16); // a shared object
  file.writeUInt16LE(machine, 18);
  file.writeBigUInt64LE(BigInt(HEADER), AT.programOffset);
  file.writeBigUInt64LE(BigInt(sectionsAt), 40);
  file.writeUInt16LE(PROGRAM, AT.programSize);
  file.writeUInt16LE(2, AT.programCount);
  file.writeUInt16LE(64, 58);
  file.writeUInt16LE(1, 60);
  const segments = [
    [1, 0, sectionsAt],
    [2, dynamicAt, dynamicSize],
  ] as const;
  segments.forEach(([type, offset, size], i) => {
    const at = HEADER + i * PROGRAM;
    file.writeUInt32LE(type, at);
    file.writeBigUInt64LE(BigInt(offset), at + 8);
    file.writeBigUInt64LE(BigInt(offset + SHIFT), at + 16);
    file.writeBigUInt64LE(BigInt(size), at + 32);
  });
  entries.forEach(([tag, value], i) => {
    file.writeBigInt64LE(BigInt(tag), dynamicAt + 16 * i);
    file.writeBigUInt64LE(BigInt(value), dynamicAt + 16 * i + 8);
  });
  strings.copy(file, stringsAt);
  return file;
}
