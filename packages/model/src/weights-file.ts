/**
 * Weights files: safetensors with their own digest. The metadata key "sha256" holds the SHA-256 of
 * the file as it is with 64 zeros in the digest's place, so a flipped bit anywhere is found.
 */
import { createHash } from 'node:crypto';
import { ModelError } from './error.ts';
import { readFileWithin, writeFileAtomic } from './files.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  MAX_FILE_BYTES,
  type Weights,
  type WeightTensor,
} from './safetensors.ts';

export type { WeightTensor };

const DIGEST_KEY = 'sha256';
const DIGEST = /^[0-9a-f]{64}$/;
const NO_DIGEST = '0'.repeat(64);

export interface WeightsFile extends Weights {
  /** Hexadecimal: the digest as `writeWeights` returned it, or of the whole of a foreign file. */
  sha256: string;
  /** False for a foreign file, which has no digest to compare with. */
  verified: boolean;
}

/**
 * Writes tensors and metadata as a safetensors file, whole or not at all.
 * @returns the file's digest, hexadecimal.
 * @throws ModelError if the tensors do not fit their shapes, or the file cannot be written.
 */
export async function writeWeights(
  path: string,
  tensors: Record<string, WeightTensor>,
  metadata: Record<string, string>,
): Promise<string> {
  if (Object.hasOwn(metadata, DIGEST_KEY)) {
    throw new ModelError(`the metadata key "${DIGEST_KEY}" is the digest's own`);
  }
  const bytes = Buffer.from(
    encodeSafetensors({ tensors, metadata: { [DIGEST_KEY]: NO_DIGEST, ...metadata } }).buffer,
  );
  const sha256 = digestOf(bytes);
  bytes.write(sha256, digestOffset(bytes, NO_DIGEST), 'latin1');
  await writeFileAtomic(path, bytes);
  return sha256;
}

/**
 * Reads a weights file, or any other safetensors file: one without a digest is not `verified`.
 * @throws ModelError if it cannot be read, breaks the format, or its digest is not its own.
 */
export async function readWeights(path: string): Promise<WeightsFile> {
  const bytes = await readFileWithin(path, MAX_FILE_BYTES);
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  const { [DIGEST_KEY]: expected, ...rest } = metadata;
  if (expected === undefined) {
    return { tensors, metadata, sha256: digestOf(bytes), verified: false };
  }
  if (!DIGEST.test(expected)) {
    throw new ModelError(`${path} is damaged: its metadata's ${DIGEST_KEY} is not a SHA-256`);
  }
  const offset = digestOffset(bytes, expected);
  if (offset >= 0) bytes.write(NO_DIGEST, offset, 'latin1');
  const sha256 = digestOf(bytes);
  if (sha256 !== expected) {
    throw new ModelError(
      `${path} is damaged, or another program changed it: expected SHA-256 ${expected}, got ${sha256}`,
    );
  }
  return { tensors, metadata: rest, sha256, verified: true };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Where the header has the digest. JSON escapes quotes in strings, so nothing else looks like it. */
function digestOffset(bytes: Buffer, digest: string): number {
  const key = `"${DIGEST_KEY}":"`;
  const offset = bytes.indexOf(`${key}${digest}"`);
  return offset < 0 ? offset : offset + key.length;
}
