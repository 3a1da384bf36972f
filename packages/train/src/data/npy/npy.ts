/**
 * .npy, NumPy's format of an array (NumPy, "NEP 1" and numpy.lib.format): a mark, a version, the length of
 * a header, the header as a Python dictionary, then the elements.
 */
import { ModelError, quote } from '@ganport/model';

const MARK = '\x93NUMPY';
/** NumPy's own limit is 10,000. */
const MAX_HEADER_BYTES = 2 ** 16;
/** Of images [N, C, H, W], and more for arrays that are named in an error. */
const MAX_RANK = 32;

export interface NpyArray {
  shape: number[];
  /** As numpy names them: kind b, i, u or f, and bytes of an element. */
  type: string;
  littleEndian: boolean;
  /** The elements, the last dimension fastest. */
  bytes: Uint8Array;
}

/** @param what the array is from, for errors. @throws ModelError if it is damaged, or not of numbers */
export function parseNpy(file: Buffer, what: string): NpyArray {
  if (file.toString('latin1', 0, 6) !== MARK || file.length < 10) {
    throw new ModelError(`${what}: not a .npy array: expected it to begin with "\\x93NUMPY"`);
  }
  const version = file[6]!;
  if (version < 1 || version > 3) {
    throw new ModelError(`${what}: version ${version} of .npy; expected 1, 2 or 3`);
  }
  const start = version === 1 ? 10 : 12;
  const length =
    file.length < start ? 0 : version === 1 ? file.readUInt16LE(8) : file.readUInt32LE(8);
  if (length > MAX_HEADER_BYTES || start + length > file.length) {
    throw new ModelError(
      `${what}: its header of ${length} bytes is cut, or longer than ${MAX_HEADER_BYTES}`,
    );
  }
  const header = file.toString(version === 3 ? 'utf8' : 'latin1', start, start + length);
  const { descr, fortran, shape } = parseHeader(header, what);
  const [, order, type, width] = /^([<>|=])([biuf])(\d{1,2})$/.exec(descr) ?? [];
  if (!type) throw new ModelError(`${what}: expected an array of numbers, got ${quote(descr)}`);
  // No Buffer, whose slices are not copies.
  const at = file.byteOffset + start + length;
  const bytes = new Uint8Array(file.buffer, at, file.length - start - length);
  const expected = shape.reduce((size, n) => size * n, Number(width));
  if (bytes.length !== expected) {
    throw new ModelError(
      `${what}: expected ${expected} bytes for its shape [${shape}] of ${type}${width}, got ${bytes.length}`,
    );
  }
  return {
    shape,
    type: type + width,
    littleEndian: order !== '>',
    bytes: fortran ? lastFastest(bytes, shape, Number(width)) : bytes,
  };
}

function parseHeader(header: string, what: string) {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(header)?.[1];
  if (descr === undefined || fortran === undefined || shape === undefined) {
    throw new ModelError(
      `${what}: expected a header with the type, order and shape of an array of numbers, got ${quote(header.trim().slice(0, 100))}`,
    );
  }
  const sizes = shape.split(',').map((size) => size.replace('L', '').trim());
  const dims = sizes.filter(Boolean).map(Number);
  if (dims.length > MAX_RANK || !dims.every(Number.isSafeInteger)) {
    throw new ModelError(`${what}: its shape (${shape.slice(0, 100)}) is no shape`);
  }
  return { descr, fortran: fortran === 'True', shape: dims };
}

/** The elements of an array whose first dimension is fastest, in the other order. */
function lastFastest(bytes: Uint8Array, shape: readonly number[], width: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((size, n) => size * n, width));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to += width) {
    for (let byte = 0; byte < width; byte++) out[to + byte] = bytes[from + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      from += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/** Elements as numbers, exactly but for integers of 64 bits beyond 2^53, which round. */
export function numbersOf({ type, littleEndian, bytes }: NpyArray, what: string): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const get = READERS[type];
  if (!get) throw new ModelError(`${what}: arrays of type ${type} are not read`);
  const width = Number(type.slice(1));
  return Float64Array.from({ length: bytes.length / width }, (_, i) =>
    get(view, i * width, littleEndian),
  );
}

type Reader = (view: DataView, at: number, little: boolean) => number;

const READERS: Readonly<Record<string, Reader>> = {
  b1: (view, at) => view.getUint8(at),
  u1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  i2: (view, at, little) => view.getInt16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
};
