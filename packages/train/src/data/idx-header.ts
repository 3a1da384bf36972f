/**
 * IDX, the format MNIST is published in (LeCun, Cortes & Burges, "The MNIST database of handwritten
 * digits"): two zero bytes, the type of the elements, the rank, one big-endian uint32 per dimension,
 * then the elements, the last dimension fastest. Here: unsigned bytes only, gzipped or not.
 */
import { ModelError } from '@ganport/model';

/** Largest file read, packed or not. EMNIST's largest has 697,932 images of 28 × 28: 547 MB. */
export const MAX_BYTES = 2 ** 30;

/**
 * How many times its size a gzip file may unpack to, if that is more than 64 MB. One of a megabyte could
 * hold a gigabyte of zeros; MNIST's holds 4.7 times its size.
 */
const MAX_RATIO = 10;
const ANY_RATIO_BYTES = 2 ** 26;

/** The type of the elements, as the header's third byte gives it. */
const UNSIGNED_BYTES = 0x08;

export interface Idx {
  /** Sizes of the dimensions. */
  shape: number[];
  data: Uint8Array;
}

export interface Described {
  path: string;
  shape: readonly number[];
  packed: boolean;
  /** Bytes of the file. */
  size: number;
}

/** Checks what the header says by the size of the file. */
export function expectSize(expected: number, { path, shape, packed, size }: Described): void {
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

export function headerBytes(rank: number): number {
  return 4 + 4 * rank;
}

export function parseHeader(bytes: Uint8Array, ranks: readonly number[], path: string): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const expected = ranks.map((rank) => UNSIGNED_BYTES * 0x100 + rank);
  const magic = bytes.length < 4 ? undefined : view.getUint32(0);
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
  return Array.from({ length: rank }, (_, i) => view.getUint32(headerBytes(i)));
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}

/** IDX files start with a zero byte, so they are not mistaken for gzip. */
export function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

export function damaged(path: string, error: unknown): ModelError {
  return new ModelError(`${path}: damaged gzip file (${(error as Error).message})`);
}
