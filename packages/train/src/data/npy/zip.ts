/**
 * ZIP archives as numpy.savez writes them (PKWARE, "APPNOTE.TXT"): entries that are stored or deflated,
 * without encryption. Only what is asked for is read.
 */
import type { FileHandle } from 'node:fs/promises';
import { crc32, inflateRawSync } from 'node:zlib';
import { ModelError, quote } from '@ganport/model';
import { fileError, type RegularFile } from '@ganport/model/node';

/** Of an entry, unpacked: as IDX files. */
const MAX_BYTES = 2 ** 30;
/** How many times its size a file may unpack to, if that is more than 64 MB: a bomb's ratio is 1,000. */
const MAX_RATIO = 10;
const ANY_RATIO_BYTES = 2 ** 26;
/** numpy's archives have an entry for each array. */
const MAX_ENTRIES = 10_000;
const MAX_DIRECTORY_BYTES = 2 ** 22;

const END = { signature: 0x06054b50, bytes: 22, comment: 0xffff };
const ENTRY = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };

export interface ZipEntry {
  name: string;
  method: number;
  flags: number;
  crc: number;
  /** Bytes in the file, and unpacked. */
  packed: number;
  size: number;
  /** Of its local header. */
  offset: number;
}

/** The entries of an archive. @throws ModelError if it is none, is damaged, or has too many */
export async function zipEntries(path: string, { handle, size }: RegularFile): Promise<ZipEntry[]> {
  const tail = Math.min(size, END.bytes + END.comment);
  const bytes = await readAt(handle, size - tail, tail, path);
  let at = bytes.length - END.bytes;
  while (at >= 0 && bytes.readUInt32LE(at) !== END.signature) at -= 1;
  if (at < 0) throw new ModelError(`${path}: not a ZIP archive, or its end is missing`);
  const count = bytes.readUInt16LE(at + 10);
  const length = bytes.readUInt32LE(at + 12);
  const offset = bytes.readUInt32LE(at + 16);
  if (offset + length > size) throw damaged(path, 'its directory is outside of it');
  if (count > MAX_ENTRIES || length > MAX_DIRECTORY_BYTES) {
    throw new ModelError(`${path}: ${count} entries; at most ${MAX_ENTRIES} are read`);
  }
  const directory = await readAt(handle, offset, length, path);
  const entries: ZipEntry[] = [];
  for (let next = 0; entries.length < count; ) {
    const fits = next + ENTRY.bytes <= length && directory.readUInt32LE(next) === ENTRY.signature;
    if (!fits)
      throw damaged(path, `its directory ends after ${entries.length} of ${count} entries`);
    const [name, extra, comment] = [28, 30, 32].map((field) =>
      directory.readUInt16LE(next + field),
    );
    const from = next + ENTRY.bytes;
    entries.push({
      name: directory.toString('utf8', from, from + name!),
      flags: directory.readUInt16LE(next + 8),
      method: directory.readUInt16LE(next + 10),
      crc: directory.readUInt32LE(next + 16),
      packed: directory.readUInt32LE(next + 20),
      size: directory.readUInt32LE(next + 24),
      offset: directory.readUInt32LE(next + 42),
    });
    next = from + name! + extra! + comment!;
  }
  return entries;
}

/** What an entry holds, in memory of its own. @throws ModelError if it is damaged, too large or encrypted */
export async function readEntry(
  path: string,
  { handle, size: fileSize }: RegularFile,
  entry: ZipEntry,
): Promise<Buffer> {
  const { name, method, flags, packed, size, offset, crc } = entry;
  const what = `${path}: ${quote(name)}`;
  const most = Math.min(MAX_BYTES, Math.max(ANY_RATIO_BYTES, MAX_RATIO * fileSize));
  if (size > most) throw new ModelError(`${what} has ${size} bytes; at most ${most} are read`);
  if ((flags & 1) !== 0) throw new ModelError(`${what} is encrypted: unpack it first`);
  if (offset + LOCAL.bytes > fileSize) throw damaged(what, 'it is outside of the archive');
  const local = await readAt(handle, offset, LOCAL.bytes, path);
  const from = offset + LOCAL.bytes + local.readUInt16LE(26) + local.readUInt16LE(28);
  if (local.readUInt32LE(0) !== LOCAL.signature || from + packed > fileSize) {
    throw damaged(what, 'it is outside of the archive');
  }
  const bytes = unpack(await readAt(handle, from, packed, path), { method, size, what });
  if (bytes.length !== size) throw damaged(what, `expected ${size} bytes, got ${bytes.length}`);
  if (crc32(bytes) !== crc) throw damaged(what, 'its checksum is another');
  return bytes;
}

function unpack(
  bytes: Buffer,
  { method, size, what }: { method: number; size: number; what: string },
) {
  if (method === 0) return bytes;
  if (method !== 8) {
    throw new ModelError(
      `${what} is packed by method ${method}; expected 0 (stored) or 8 (deflate)`,
    );
  }
  try {
    return inflateRawSync(bytes, { maxOutputLength: size + 1 });
  } catch (error) {
    throw damaged(what, (error as Error).message);
  }
}

async function readAt(handle: FileHandle, at: number, length: number, path: string) {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, at).catch((error: unknown) => {
    throw fileError(`read ${path}`, error);
  });
  if (bytesRead < length) throw damaged(path, 'it is cut');
  return buffer;
}

function damaged(what: string, why: string): ModelError {
  return new ModelError(`${what} is damaged: ${why}`);
}
