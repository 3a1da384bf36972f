/** Shared libraries of Linux: the ELF format, version 1, as in elf(5). */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** Bytes of an ELF header, 64-bit. */
const ELF_HEADER = 64;

/**
 * Whether a file is an ELF library that reaches to the end of its section headers, which linkers
 * write last. To load one that was cut off is not an error, it ends the process with SIGBUS.
 */
export function isWholeLibrary(path: string): boolean {
  const header = Buffer.alloc(ELF_HEADER);
  const file = openSync(path, 'r');
  try {
    readSync(file, header);
  } finally {
    closeSync(file);
  }
  // Magic number, 64 bits, little endian.
  if (header.readUInt32BE(0) !== 0x7f454c46 || header.readUInt16BE(4) !== 0x0201) return false;
  const sections = Number(header.readBigUInt64LE(40));
  const end = sections + header.readUInt16LE(58) * header.readUInt16LE(60);
  return statSync(path).size >= Math.max(ELF_HEADER, end);
}
