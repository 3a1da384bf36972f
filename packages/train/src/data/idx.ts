/**
 * IDX, the format MNIST is published in (LeCun, Cortes & Burges, "The MNIST database of handwritten
 * digits"): two zero bytes, the type of the elements, the rank, one big-endian uint32 per dimension,
 * then the elements, the last dimension fastest. Here: unsigned bytes only, gzipped or not.
 */
import { pipeline } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { ModelError } from '@ganport/model';
import { fileError, openRegular, type RegularFile } from '@ganport/model/node';

/** Largest file read, packed or not. EMNIST's largest has 697,932 images of 28 × 28: 547 MB. */
const MAX_BYTES = 2 ** 30;

/**
 * How many times its size a gzip file may unpack to, if that is more than 64 MB. One of a megabyte could
 * hold a gigabyte of zeros; MNIST's holds 4.7 times its size.
 */
const MAX_RATIO = 10;
const ANY_RATIO_BYTES = 2 ** 26;

/** The type of the elements, as the header's third byte gives it. */
const UNSIGNED_BYTES = 0x08;

/** Enough of a gzip stream for an IDX header; unpacked at most 1,032 times as large. */
const GZIP_HEAD_BYTES = 4096;

export interface Idx {
  /** Sizes of the dimensions. */
  shape: number[];
  data: Uint8Array;
}

/**
 * Reads an IDX file of unsigned bytes whose number of dimensions is one of `ranks`. What the header says
 * is checked before memory is taken for it, and no more is taken.
 * @throws ModelError if the file cannot be read, is damaged or too large, or is not such a file
 */
export async function readIdx(path: string, ...ranks: readonly number[]): Promise<Idx> {
  const file = await openRegular(path, MAX_BYTES);
  try {
    const { buffer, bytesRead } = await file.handle
      .read(Buffer.alloc(GZIP_HEAD_BYTES), 0)
      .catch((error: unknown) => {
        throw fileError(`read ${path}`, error);
      });
    const start = buffer.subarray(0, bytesRead);
    // IDX files start with a zero byte, so they are not mistaken for gzip.
    const packed = start[0] === 0x1f && start[1] === 0x8b;
    const shape = parseHeader(packed ? unpackHead(start, path) : start, ranks, path);
    const header = headerBytes(shape.length);
    const expected = shape.reduce((size, n) => size * n, 1) + header;
    expectSize(expected, { path, shape, packed, size: file.size });
    const bytes = Buffer.alloc(expected);
    const length = await fill(bytes, file, packed).catch((error: unknown) => {
      throw packed ? damaged(path, error) : fileError(`read ${path}`, error);
    });
    if (length !== expected) {
      const got = length < expected ? `got ${length}` : 'got more';
      throw new ModelError(`${path}: expected ${expected} bytes for its shape [${shape}], ${got}`);
    }
    return {
      shape,
      data: new Uint8Array(bytes.buffer, bytes.byteOffset + header, expected - header),
    };
  } finally {
    await file.handle.close();
  }
}

/** Fills `bytes` from a file's beginning. Returns how many there are, up to where there are too many. */
async function fill(bytes: Buffer, { handle }: RegularFile, packed: boolean): Promise<number> {
  const raw = handle.createReadStream({ start: 0, autoClose: false });
  // The loop is told of what goes wrong.
  const contents: AsyncIterable<Buffer> = packed ? pipeline(raw, createGunzip(), () => {}) : raw;
  let filled = 0;
  for await (const chunk of contents) {
    chunk.copy(bytes, filled);
    filled += chunk.length;
    if (filled > bytes.length) break;
  }
  return filled;
}

interface Described {
  path: string;
  shape: readonly number[];
  packed: boolean;
  /** Bytes of the file. */
  size: number;
}

/** Checks what the header says by the size of the file. */
function expectSize(expected: number, { path, shape, packed, size }: Described): void {
  if (expected > MAX_BYTES) {
    throw new ModelError(
      `${path}: its header says [${shape}], ${expected} bytes; at most ${MAX_BYTES} are read`,
    );
  }
  if (!packed && size !== expected) {
    throw new ModelError(
      `${path}: expected ${expected} bytes for its shape [${shape}], got ${size}`,
    );
  }
  if (packed && expected > Math.max(ANY_RATIO_BYTES, MAX_RATIO * size)) {
    throw new ModelError(
      `${path}: its header says [${shape}], ${expected} bytes; of a gzip file of ${size} bytes at most ${MAX_RATIO} times as many are read: unpack it first, with gunzip`,
    );
  }
}

function headerBytes(rank: number): number {
  return 4 + 4 * rank;
}

function parseHeader(bytes: Buffer, ranks: readonly number[], path: string): number[] {
  const expected = ranks.map((rank) => UNSIGNED_BYTES * 0x100 + rank);
  const magic = bytes.length < 4 ? undefined : bytes.readUInt32BE(0);
  if (magic !== undefined && !expected.includes(magic)) {
    throw new ModelError(
      `${path}: expected an IDX file of unsigned bytes with rank ${ranks.join(' or ')}, magic number ${expected.map(hex).join(' or ')}, got ${hex(magic)}`,
    );
  }
  const rank = ranks[magic === undefined ? 0 : expected.indexOf(magic)]!;
  const length = headerBytes(rank);
  if (bytes.length < length) {
    throw new ModelError(
      `${path}: not an IDX file: expected a header of ${length} bytes, got ${bytes.length} bytes in all`,
    );
  }
  return Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(headerBytes(i)));
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}

/** The start of what is packed in a gzip file, or all of it if it is short. */
function unpackHead(start: Buffer, path: string): Buffer {
  try {
    // A flush in place of a finish: the stream may go on.
    return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw damaged(path, error);
  }
}

function damaged(path: string, error: unknown): ModelError {
  return new ModelError(`${path}: damaged gzip file (${(error as Error).message})`);
}
