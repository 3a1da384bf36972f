/** IDX files, gzipped or not; their format is idx-header.ts. */
import { pipeline } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { ModelError } from '@ganport/model';
import { fileError, openRegular, type RegularFile } from '@ganport/model/node';
import {
  damaged,
  expectSize,
  headerBytes,
  type Idx,
  isGzip,
  MAX_BYTES,
  parseHeader,
} from './idx-header.ts';

/** Enough of a gzip stream for an IDX header; unpacked at most 1,032 times as large. */
const GZIP_HEAD_BYTES = 4096;

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
    const packed = isGzip(start);
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

/** The start of what is packed in a gzip file, or all of it if it is short. */
function unpackHead(start: Buffer, path: string): Buffer {
  try {
    // A flush in place of a finish: the stream may go on.
    return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw damaged(path, error);
  }
}
