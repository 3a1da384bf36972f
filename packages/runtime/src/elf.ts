/** Shared libraries of Linux: the ELF format, version 1, as in elf(5). */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes of an ELF header, 64-bit. */
const ELF_HEADER = 64;

/** e_machine of the processors that Node and onnxruntime both have builds for. */
const MACHINES: Readonly<Record<number, string>> = { 62: 'x64', 183: 'arm64' };

/**
 * Whether a file is an ELF library that reaches to the end of its section headers, which linkers
 * write last. To load one that was cut off is not an error, it ends the process with SIGBUS.
 */
export function isWholeLibrary(path: string): boolean {
  return readLibrary(path, () => true) ?? false;
}

/** Why this process should not load a library; undefined where nothing speaks against it. */
export function libraryProblem(path: string): string | undefined {
  const machine = readLibrary(path, ({ header }) => header.readUInt16LE(18));
  if (machine === undefined) return 'it is not a whole library';
  const found = MACHINES[machine] ?? `machine ${machine} of ELF`;
  return found === process.arch ? undefined : `it is for ${found}, and this is ${process.arch}`;
}

interface LibraryFile {
  header: Buffer;
  size: number;
  /** So many bytes from a place in the file; fewer where it ends. */
  read(start: number, length: number): Buffer;
}

/** Applies a function to a library that is whole; undefined for any other file. */
function readLibrary<T>(path: string, use: (file: LibraryFile) => T): T | undefined {
  const file = openSync(path, 'r');
  try {
    const read: LibraryFile['read'] = (start, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, start));
    };
    const header = read(0, ELF_HEADER);
    if (header.length < ELF_HEADER) return undefined;
    // Magic number, 64 bits, little endian.
    if (header.readUInt32BE(0) !== 0x7f454c46 || header.readUInt16BE(4) !== 0x0201)
      return undefined;
    const sections = Number(header.readBigUInt64LE(40));
    const end = sections + header.readUInt16LE(58) * header.readUInt16LE(60);
    const { size } = fstatSync(file);
    return size >= end ? use({ header, size, read }) : undefined;
  } finally {
    closeSync(file);
  }
}
