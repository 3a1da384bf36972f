/**
 * IDX, the format MNIST is published in (LeCun, Cortes & Burges, "The MNIST database of handwritten
 * digits"): two zero bytes, the type of the elements, the rank, one big-endian uint32 per dimension,
 * then the elements, the last dimension fastest. Here: unsigned bytes only, gzipped or not.
 */
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync } from 'node:zlib';
import { ModelError } from '@ganport/model';

/** Largest file read, packed or not. EMNIST's largest has 697,932 images of 28 × 28: 547 MB. */
const MAX_BYTES = 2 ** 30;

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
 * Reads an IDX file of unsigned bytes with `rank` dimensions. What the header says is checked before
 * memory is taken for it.
 * @throws ModelError if the file cannot be read, is damaged or too large, or is not such a file
 */
export async function readIdx(path: string, rank: number): Promise<Idx> {
  const file = await readBounded(path);
  // IDX files start with a zero byte, so they are not mistaken for gzip.
  const packed = file[0] === 0x1f && file[1] === 0x8b;
  const shape = parseHeader(packed ? unpackHead(file, path) : file, rank, path);
  const header = headerBytes(rank);
  const expected = header + shape.reduce((size, n) => size * n, 1);
  if (expected > MAX_BYTES) {
    throw new ModelError(
      `${path}: its header says [${shape}], ${expected} bytes; at most ${MAX_BYTES} are read`,
    );
  }
  const bytes = packed ? await unpack(file, expected, path) : file;
  if (bytes.length !== expected) {
    throw new ModelError(
      `${path}: expected ${expected} bytes for its shape [${shape}], got ${bytes.length}`,
    );
  }
  return {
    shape,
    data: new Uint8Array(bytes.buffer, bytes.byteOffset + header, expected - header),
  };
}

async function readBounded(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size <= MAX_BYTES) return await readFile(path);
    throw new ModelError(`${path}: ${size} bytes; at most ${MAX_BYTES} are read`);
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError(`cannot read ${path} (${(error as NodeJS.ErrnoException).code})`);
  }
}

function headerBytes(rank: number): number {
  return 4 + 4 * rank;
}

function parseHeader(bytes: Buffer, rank: number, path: string): number[] {
  const length = headerBytes(rank);
  if (bytes.length < length) {
    throw new ModelError(
      `${path}: not an IDX file: expected a header of ${length} bytes, got ${bytes.length} bytes in all`,
    );
  }
  const expected = UNSIGNED_BYTES * 0x100 + rank;
  const magic = bytes.readUInt32BE(0);
  if (magic !== expected) {
    throw new ModelError(
      `${path}: expected an IDX file of unsigned bytes with rank ${rank}, magic number ${hex(expected)}, got ${hex(magic)}`,
    );
  }
  return Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(headerBytes(i)));
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}

/** The start of what is packed in a gzip file, or all of it if it is short. */
function unpackHead(file: Buffer, path: string): Buffer {
  try {
    // A flush in place of a finish: the stream may go on.
    const options = { finishFlush: constants.Z_SYNC_FLUSH };
    return gunzipSync(file.subarray(0, GZIP_HEAD_BYTES), options);
  } catch (error) {
    throw damaged(path, error);
  }
}

async function unpack(file: Buffer, expected: number, path: string): Promise<Buffer> {
  try {
    return await promisify(gunzip)(file, { maxOutputLength: expected });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_BUFFER_TOO_LARGE') throw damaged(path, error);
    throw new ModelError(`${path}: expected ${expected} bytes once unpacked, got more`);
  }
}

function damaged(path: string, error: unknown): ModelError {
  return new ModelError(`${path}: damaged gzip file (${(error as Error).message})`);
}
