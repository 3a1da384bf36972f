/**
 * Weights files: safetensors with their own digest. The metadata key "sha256" holds the SHA-256 of
 * the file as it is with 64 zeros in the digest's place, so a flipped bit anywhere is found.
 */
import { ModelError } from './error.ts';
import type { Sha256 } from './run-store.ts';
import { decodeSafetensors, encodeSafetensors, type Weights } from './safetensors.ts';

const DIGEST_KEY = 'sha256';
const DIGEST = /^[0-9a-f]{64}$/;
const NO_DIGEST = '0'.repeat(64);

export interface WeightsFile extends Weights {
  /** Hexadecimal: the digest as `encodeWeights` returned it, or of the whole of a foreign file. */
  sha256: string;
  /** False for a foreign file, which has no digest to compare with. */
  verified: boolean;
}

/**
 * Tensors and metadata as a safetensors file, and its digest.
 * @throws ModelError if the tensors do not fit their shapes
 */
export async function encodeWeights(
  { tensors, metadata }: Weights,
  digestOf: Sha256,
): Promise<{ bytes: Uint8Array; sha256: string }> {
  if (Object.hasOwn(metadata, DIGEST_KEY)) {
    throw new ModelError(`the metadata key "${DIGEST_KEY}" is the digest's own`);
  }
  const bytes = encodeSafetensors({ tensors, metadata: { [DIGEST_KEY]: NO_DIGEST, ...metadata } });
  const sha256 = await digestOf(bytes);
  bytes.set(new TextEncoder().encode(sha256), digestOffset(bytes, NO_DIGEST));
  return { bytes, sha256 };
}

/**
 * Reads a weights file, or any other safetensors file: one without a digest is not `verified`.
 * @param bytes of a file; changed in place
 * @param what names the file in errors
 * @throws ModelError if it breaks the format, or its digest is not its own
 */
export async function decodeWeights(
  bytes: Uint8Array,
  what: string,
  digestOf: Sha256,
): Promise<WeightsFile> {
  const { tensors, metadata } = decodeSafetensors(bytes, what);
  const { [DIGEST_KEY]: expected, ...rest } = metadata;
  if (expected === undefined) {
    return { tensors, metadata, sha256: await digestOf(bytes), verified: false };
  }
  if (!DIGEST.test(expected)) {
    throw new ModelError(`${what} is damaged: its metadata's ${DIGEST_KEY} is not a SHA-256`);
  }
  const offset = digestOffset(bytes, expected);
  if (offset >= 0) bytes.set(new TextEncoder().encode(NO_DIGEST), offset);
  const sha256 = await digestOf(bytes);
  if (sha256 !== expected) {
    throw new ModelError(
      `${what} is damaged, or another program changed it: expected SHA-256 ${expected}, got ${sha256}`,
    );
  }
  return { tensors, metadata: rest, sha256, verified: true };
}

/** Of a file's header, which begins with its length. */
const LENGTH_BYTES = 8;

/** Where the header has the digest. JSON escapes quotes in strings, so nothing else looks like it. */
function digestOffset(bytes: Uint8Array, digest: string): number {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  // A character for each byte, so that indices are offsets.
  const header = new TextDecoder('latin1').decode(
    bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + Number(length)),
  );
  const key = `"${DIGEST_KEY}":"`;
  const offset = header.indexOf(`${key}${digest}"`);
  return offset < 0 ? offset : LENGTH_BYTES + offset + key.length;
}
