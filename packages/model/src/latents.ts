/**
 * Latent vectors: a pure function of (seed, index), so that seed 42 is the same picture in Node, in
 * a worker and in any browser: integer hashing, a normal transform that rounds alike everywhere, and
 * one last rounding to float32.
 */
import { ModelError } from './error.ts';
import { fillNormal } from './normal.ts';
import { fillWords, STREAM, type Stream } from './random.ts';
import { rangeReason } from './whole-number.ts';

/** As generator.onnx's metadata allows. */
const MAX_LATENT_SIZE = 65_536;

/** Of a sample: one 32-bit counter word holds its index. */
export const MAX_INDEX = 2 ** 32 - 1;

/**
 * The latent vector of sample `index`: float32 [dim], standard normal.
 * @param seed integer, 0 ≤ seed < 2^53
 * @param index integer, 0 ≤ index < 2^32
 * @param dim latent size, 1 … 65,536
 * @throws ModelError if one of them is out of its range
 */
export function latents(seed: number, index: number, dim: number): Float32Array<ArrayBuffer> {
  return latentBatch(seed, index, 1, dim);
}

/**
 * The latent vectors of samples `start` … `start + count − 1`: float32 [count, dim]. Row i is
 * `latents(seed, start + i, dim)` however a batch is cut.
 * @param stream which of the seed's sequences: that of samples unless given
 * @throws ModelError as `latents` does
 */
export function latentBatch(
  seed: number,
  start: number,
  count: number,
  dim: number,
  stream: Stream = STREAM.latents,
): Float32Array<ArrayBuffer> {
  checkRange('latent size', dim, 1, MAX_LATENT_SIZE);
  checkRange('sample index', start, 0, MAX_INDEX);
  checkRange('number of samples', count, 0, MAX_INDEX - start + 1);
  const words = new Uint32Array(count * dim);
  for (let row = 0; row < count; row += 1) {
    fillWords(words.subarray(row * dim, (row + 1) * dim), seed, stream, start + row);
  }
  const batch = new Float32Array(words.length);
  fillNormal(batch, words);
  return batch;
}

function checkRange(what: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new ModelError(`${what}: ${rangeReason(low, high, value)}`);
  }
}
