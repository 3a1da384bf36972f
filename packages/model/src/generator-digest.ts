/**
 * The digest of a generator.onnx: `digest` in its metadata is the SHA-256, 64 lower-case hexadecimal
 * characters, of all bytes of the file as they are with 64 zeros ("0") in those characters' place. The place
 * is the last in the file that reads `"digest":"…"` with that digest. So a bit that flipped anywhere is found:
 * in the graph, the weights, the metadata, or the digest itself. It tells damage, and not who made a file.
 */
import { ModelError } from './error.ts';
import type { GeneratorMetadata } from './generator-metadata.ts';
import { sha256 } from './sha256.ts';

/** What a digest is while it is computed. */
export const NO_DIGEST = '0'.repeat(64);

/**
 * Writes a file's digest over its NO_DIGEST, and returns it.
 * @param onnx a generator.onnx whose metadata has NO_DIGEST; it is changed in place
 */
export async function sealGenerator(onnx: Uint8Array): Promise<string> {
  const place = placeOf(onnx, NO_DIGEST);
  if (place < 0) throw new ModelError('the metadata have no place for a digest');
  const digest = await sha256(onnx);
  if (digest === undefined) throw new ModelError('no digest can be had: crypto.subtle is missing');
  onnx.set(new TextEncoder().encode(digest), place);
  return digest;
}

/**
 * Compares a file with its digest. One without a digest, of ganport 0.1.0, passes; so does any in a page that came over
 * plain HTTP from another machine, where browsers have no `crypto.subtle`.
 * @param onnx the bytes of a generator.onnx, and what its metadata say
 * @throws ModelError if they are not those that were exported
 */
export async function checkGeneratorDigest(
  onnx: Uint8Array,
  { digest: expected }: Pick<GeneratorMetadata, 'digest'>,
): Promise<void> {
  if (expected === undefined) return;
  const place = placeOf(onnx, expected);
  // Not slice(): that of a Buffer is the same memory.
  const bytes = new Uint8Array(onnx);
  if (place >= 0) bytes.set(new TextEncoder().encode(NO_DIGEST), place);
  const got = await sha256(bytes);
  if (got === undefined || got === expected) return;
  throw new ModelError(
    `the file was changed or damaged since export: expected SHA-256 ${expected}, got ${got}; copy it again, or export it again`,
  );
}

/** Where a digest's characters begin, or a negative number. JSON escapes quotes, so no text looks like it. */
function placeOf(onnx: Uint8Array, digest: string): number {
  const key = '"digest":"';
  const text = new TextEncoder().encode(`${key}${digest}"`);
  // From the end: metadata come last.
  let start = onnx.length - text.length;
  while (start >= 0 && !text.every((byte, i) => onnx[start + i] === byte)) start--;
  return start < 0 ? start : start + key.length;
}
