/** Weights files in the file system; their format is weights.ts. */
import { createHash } from 'node:crypto';
import { readFileWithin, writeFileAtomic } from './files.ts';
import { MAX_FILE_BYTES, type WeightTensor } from './safetensors.ts';
import { decodeWeights, encodeWeights, type WeightsFile } from './weights.ts';

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
  const { bytes, sha256 } = await encodeWeights({ tensors, metadata }, digestOf);
  await writeFileAtomic(path, bytes);
  return sha256;
}

/**
 * Reads a weights file, or any other safetensors file: one without a digest is not `verified`.
 * @throws ModelError if it cannot be read, breaks the format, or its digest is not its own.
 */
export async function readWeights(path: string): Promise<WeightsFile> {
  return decodeWeights(await readFileWithin(path, MAX_FILE_BYTES), path, digestOf);
}

/** In one go, without a copy: a file may be as large as memory allows. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
