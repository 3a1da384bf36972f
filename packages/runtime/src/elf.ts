/** Shared libraries of Linux: the ELF format, version 1, as in elf(5). */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

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
  let machine: number | undefined;
  try {
    machine = readLibrary(path, ({ header }) => header.readUInt16LE(18));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'it does not exist' : `it cannot be read (${code})`;
  }
  if (machine === undefined) return 'it is not a whole library';
  const found = MACHINES[machine] ?? `machine ${machine} of ELF`;
  return found === process.arch ? undefined : `it is for ${found}, and this is ${process.arch}`;
}

/** Bytes of a program header, and of an entry of a dynamic section. */
const [PROGRAM_HEADER, DYNAMIC_ENTRY] = [56, 16];
/** p_type of what is loaded, and of the dynamic section. */
const [PT_LOAD, PT_DYNAMIC] = [1, 2];
/** d_tag: the end, a library that is needed, the table of strings and its bytes. */
const [DT_NULL, DT_NEEDED, DT_STRTAB, DT_STRSZ] = [0n, 1n, 5n, 10n];
/** Bytes. That of CUDA's provider has about 40 entries of 16; a file's names have at most 255. */
const [MOST_DYNAMIC, MOST_NAME] = [0x10000, 255];

/**
 * Names of the libraries that a library is linked against, in order: "libcudart.so.12".
 * @returns undefined for a file that is no whole library, or whose tables do not lie within it
 */
export function neededLibraries(path: string): string[] | undefined {
  return readLibrary(path, (file) => {
    const segments = segmentsOf(file);
    const dynamic = segments?.find(({ type }) => type === PT_DYNAMIC);
    if (!segments || !dynamic || dynamic.size > MOST_DYNAMIC) return undefined;
    const entries = entriesOf(file.read(dynamic.offset, dynamic.size));
    const numberOf = (tag: bigint) => Number(entries.find(([found]) => found === tag)?.[1]);
    const [address, length] = [numberOf(DT_STRTAB), numberOf(DT_STRSZ)];
    // The table's place is told as it is in memory.
    const holder = segments.find(
      ({ type, start, size }) =>
        type === PT_LOAD && address >= start && address + length <= start + size,
    );
    if (!holder) return undefined;
    const table = holder.offset + address - holder.start;
    const names = entries
      .filter(([tag]) => tag === DT_NEEDED)
      .map(([, at]) => nameAt(file, table + Number(at), table + length));
    return names.every((name) => name !== undefined) ? names : undefined;
  });
}

interface Segment {
  type: number;
  /** Where it is in the file, and from which address on in memory. */
  offset: number;
  start: number;
  /** Bytes in the file. */
  size: number;
}

/** undefined if one does not lie within the file. */
function segmentsOf({ header, size, read }: LibraryFile): Segment[] | undefined {
  const count = header.readUInt16LE(56);
  const start = Number(header.readBigUInt64LE(32));
  const length = count * PROGRAM_HEADER;
  if (header.readUInt16LE(54) !== PROGRAM_HEADER || start + length > size) return undefined;
  const table = read(start, length);
  const segments = Array.from({ length: count }, (_, i): Segment => {
    const [type, ...fields] = [0, 8, 16, 32].map((at) => i * PROGRAM_HEADER + at);
    const [offset, start, size] = fields.map((at) => Number(table.readBigUInt64LE(at)));
    return { type: table.readUInt32LE(type!), offset: offset!, start: start!, size: size! };
  });
  return segments.every((segment) => segment.offset + segment.size <= size) ? segments : undefined;
}

/** Tags with their values, up to the end that is marked. */
function entriesOf(section: Buffer): (readonly [tag: bigint, value: bigint])[] {
  const count = Math.floor(section.length / DYNAMIC_ENTRY);
  const entries = Array.from({ length: count }, (_, i) => {
    const at = i * DYNAMIC_ENTRY;
    return [section.readBigInt64LE(at), section.readBigUInt64LE(at + 8)] as const;
  });
  const end = entries.findIndex(([tag]) => tag === DT_NULL);
  return end < 0 ? entries : entries.slice(0, end);
}

/** A string that ends before the table does; undefined for one that does not, or for none. */
function nameAt({ read }: LibraryFile, start: number, end: number): string | undefined {
  if (start >= end) return undefined;
  const bytes = read(start, Math.min(MOST_NAME + 1, end - start));
  const length = bytes.indexOf(0);
  return length > 0 ? bytes.toString('latin1', 0, length) : undefined;
}

interface LibraryFile {
  header: Buffer;
  size: number;
  /** So many bytes from a place in the file; fewer where it ends. */
  read(start: number, length: number): Buffer;
}

/** Applies a function to a library that is whole; undefined for any other file. */
function readLibrary<T>(path: string, use: (file: LibraryFile) => T): T | undefined {
  // A pipe would be waited for.
  if (!statSync(path).isFile()) return undefined;
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
