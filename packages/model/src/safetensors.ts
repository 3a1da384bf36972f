/**
 * The safetensors format (https://github.com/huggingface/safetensors#format): eight
 * bytes of header length, little-endian; a JSON header that maps each tensor's name to its element
 * type, shape and byte range; the tensors' bytes, row-major and little-endian, without gaps.
 */
import { type DType, sizeOf, type Tensor, type TypedArray } from '@ganport/onnx';
import * as z from 'zod';
import { ModelError, parseOrThrow, quote } from './error.ts';
import { jsonExcess } from './json.ts';

/** A tensor of a weights file, row-major. */
export type WeightTensor = Tensor;

export interface Weights {
  tensors: Record<string, WeightTensor>;
  metadata: Record<string, string>;
}

/** Node reads no larger file at once. */
export const MAX_FILE_BYTES = 2 ** 31 - 1;

/** A network of a thousand layers needs 0.2 MB; what is made of it is limited by json.ts. */
export const MAX_HEADER_BYTES = 2 ** 24;

/** NumPy's; a shape has its place in an error's one line. */
const MAX_RANK = 64;

const LENGTH_BYTES = 8;
const METADATA = '__metadata__';

interface ElementType {
  /** The format's name of it. */
  code: string;
  array: {
    new (buffer: ArrayBuffer): TypedArray;
    readonly BYTES_PER_ELEMENT: number;
  };
}

/** In the order in which a file has them: no tensor is then off a multiple of its element size. */
const ELEMENT_TYPES: Readonly<Record<DType, ElementType>> = {
  int64: { code: 'I64', array: BigInt64Array },
  float32: { code: 'F32', array: Float32Array },
  int32: { code: 'I32', array: Int32Array },
  uint8: { code: 'U8', array: Uint8Array },
  bool: { code: 'BOOL', array: Uint8Array },
};

const ORDER = Object.keys(ELEMENT_TYPES);

const DTYPES = new Map(
  Object.entries(ELEMENT_TYPES).map(([dtype, { code }]) => [code, dtype as DType]),
);

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.unknown()).max(MAX_RANK).pipe(z.array(z.int().nonnegative())),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

const metadataSchema = z.string();

/**
 * The bytes of a safetensors file, as the reference implementation writes them: tensors in order of
 * element type, then of name.
 * @throws ModelError if a tensor's data do not fit its shape and type, or a limit is passed.
 */
export function encodeSafetensors({ tensors, metadata }: Weights): Uint8Array {
  const sorted = Object.entries(tensors).sort(
    ([a, { dtype: x }], [b, { dtype: y }]) =>
      ORDER.indexOf(x) - ORDER.indexOf(y) || (a < b ? -1 : 1),
  );
  const entries: [string, unknown][] = [[METADATA, metadata]];
  let end = 0;
  for (const [name, tensor] of sorted) {
    checkTensor(name, tensor);
    const { dtype, shape, data } = tensor;
    const begin = end;
    end += data.byteLength;
    entries.push([name, { dtype: ELEMENT_TYPES[dtype].code, shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const start = LENGTH_BYTES + headerBytes;
  checkLimit('the header', headerBytes, MAX_HEADER_BYTES);
  checkLimit('the weights file', start + end, MAX_FILE_BYTES);
  const bytes = new Uint8Array(start + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, LENGTH_BYTES, start);
  bytes.set(json, LENGTH_BYTES);
  let position = start;
  for (const [, { data }] of sorted) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

function checkTensor(name: string, { dtype, shape, data }: WeightTensor): void {
  if (name === METADATA) throw new ModelError(`a tensor cannot be named "${METADATA}"`);
  if (!(data instanceof ELEMENT_TYPES[dtype].array) || data.length !== sizeOf(shape)) {
    const got = `${data.constructor.name} of ${data.length}`;
    throw new ModelError(`tensor ${quote(name)}: expected ${dtype} [${shape}], got ${got}`);
  }
}

function checkLimit(what: string, bytes: number, limit: number): void {
  if (bytes > limit) throw new ModelError(`${what} has ${bytes} bytes; the limit is ${limit}`);
}

/**
 * Reads a safetensors file; the tensors are copies, not views of `bytes`.
 * @param what names the file in errors.
 * @throws ModelError if it is truncated, breaks the format, passes a limit, or has a tensor of an
 * element type other than float32, uint8, int32, int64 and bool.
 */
export function decodeSafetensors(bytes: Uint8Array, what: string): Weights {
  const headerBytes = readHeaderLength(bytes, what);
  const { [METADATA]: metadata = {}, ...entries } = parseHeader(
    bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + headerBytes),
    what,
  );
  return {
    tensors: readTensors(entries, bytes.subarray(LENGTH_BYTES + headerBytes), what),
    metadata: readMetadata(metadata, what),
  };
}

function readHeaderLength(bytes: Uint8Array, what: string): number {
  const got = `${bytes.length} bytes`;
  if (bytes.length < LENGTH_BYTES) {
    throw new ModelError(`${what} is not a safetensors file: it has ${got}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw new ModelError(
      `${what} is not a safetensors file, or damaged: expected a header of at most ` +
        `${MAX_HEADER_BYTES} bytes, got ${length}`,
    );
  }
  const headerBytes = Number(length);
  const needed = LENGTH_BYTES + headerBytes;
  if (bytes.length < needed) {
    throw new ModelError(`${what} is truncated: its header ends at ${needed}, it has ${got}`);
  }
  return headerBytes;
}

function parseHeader(header: Uint8Array, what: string): Record<string, unknown> {
  let json: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
    const excess = jsonExcess(text);
    if (excess) throw new ModelError(`${what}: its header: ${excess}`);
    json = JSON.parse(text);
  } catch (error) {
    if (error instanceof ModelError) throw error;
    json = undefined;
  }
  if (typeof json !== 'object' || json === null || header[0] !== '{'.charCodeAt(0)) {
    throw new ModelError(
      `${what} is not a safetensors file, or damaged: its header is not a JSON object`,
    );
  }
  return json as Record<string, unknown>;
}

function readMetadata(metadata: unknown, what: string): Record<string, string> {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw new ModelError(`${what}: expected ${METADATA} to be a JSON object`);
  }
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [
      key,
      parseOrThrow(metadataSchema, value, `${what}: metadata ${quote(key)}`),
    ]),
  );
}

/** Tensors from their entries, whose byte ranges must cover `data` without a gap or an overlap. */
function readTensors(
  entries: Record<string, unknown>,
  data: Uint8Array,
  what: string,
): Record<string, WeightTensor> {
  const parsed = Object.entries(entries).map(([name, value]) => {
    const where = `${what}: tensor ${quote(name)}`;
    return { name, where, ...parseOrThrow(entrySchema, value, where) };
  });
  parsed.sort(({ data_offsets: a }, { data_offsets: b }) => a[0] - b[0] || a[1] - b[1]);
  let end = 0;
  const tensors = parsed.map(({ name, where, ...entry }) => {
    const begin = end;
    const tensor = readTensor(entry, data, begin, where);
    end += tensor.data.byteLength;
    return [name, tensor] as const;
  });
  if (end !== data.length) {
    throw new ModelError(`${what} has ${data.length - end} bytes after its last tensor`);
  }
  return Object.fromEntries(tensors);
}

/** One tensor, which must begin at byte `begin` of `data`. */
function readTensor(
  { dtype: code, shape, data_offsets: offsets }: z.infer<typeof entrySchema>,
  data: Uint8Array,
  begin: number,
  where: string,
): WeightTensor {
  const dtype = DTYPES.get(code);
  if (!dtype) {
    const known = [...DTYPES.keys()].join(', ');
    throw new ModelError(`${where} has elements of type ${quote(code)}: expected one of ${known}`);
  }
  const { array } = ELEMENT_TYPES[dtype];
  const end = begin + sizeOf(shape) * array.BYTES_PER_ELEMENT;
  if (offsets[0] !== begin || offsets[1] !== end) {
    throw new ModelError(
      `${where}, ${code} [${shape}]: expected bytes ${begin} to ${end}, got ${offsets.join(' to ')}`,
    );
  }
  if (end > data.length) {
    throw new ModelError(`${where} ends at byte ${end} of ${data.length}: the file is truncated`);
  }
  // Not data.slice: a Buffer's is a view.
  const copy = new Uint8Array(data.subarray(begin, end));
  return { dtype, shape, data: new array(copy.buffer) };
}
