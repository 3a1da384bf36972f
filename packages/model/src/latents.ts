/**
 * Latent vectors: a pure function of (seed, index), so that seed 42 is the same picture in Node, in
 * a worker and in any browser: integer hashing, a normal transform that rounds alike everywhere, and
 * one last rounding to float32.
 */
import { ModelError } from './error.ts';
import { fillNormal, normalWithin } from './normal.ts';
import { fillWords, STREAM, type Stream } from './random.ts';
import { rangeReason } from './whole-number.ts';

/** Of 2^32 equally likely numbers, nearly none are further out: a larger truncation would cut nothing off. */
export const MAX_TRUNCATION = 6;
/** Beside what layers add to it, float32 loses a smaller latent; and below 1e-16 its probability is none to a double. */
export const MIN_TRUNCATION = 1e-6;

/** As generator.onnx's metadata allows. */
export const MAX_LATENT_SIZE = 65_536;

/** Of a sample: one 32-bit counter word holds its index. */
export const MAX_INDEX = 2 ** 32 - 1;

export interface LatentOptions {
  /** Which of the seed's sequences: that of samples unless given. */
  stream?: Stream;
  /**
   * Numbers are drawn from the normal distribution between −truncation and truncation, 0.000001 ≤ truncation ≤ 6: the
   * distribution of the truncation trick (Brock et al. 2019), which draws again what is outside. Here the same
   * random number is put further inside, so that a picture changes steadily with the truncation.
   */
  truncation?: number | undefined;
}

/**
 * The latent vector of sample `index`: float32 [dim], standard normal unless truncated.
 * @param seed integer, 0 ≤ seed < 2^53
 * @param index integer, 0 ≤ index < 2^32
 * @param dim latent size, 1 … 65,536
 * @throws ModelError if one of them is out of its range
 */
export function latents(
  seed: number,
  index: number,
  dim: number,
  options?: LatentOptions,
): Float32Array<ArrayBuffer> {
  return latentBatch(seed, index, 1, dim, options);
}

/**
 * The latent vectors of samples `start` … `start + count − 1`: float32 [count, dim]. Row i is
 * `latents(seed, start + i, dim)` however a batch is cut.
 * @throws ModelError as `latents` does
 */
export function latentBatch(
  seed: number,
  start: number,
  count: number,
  dim: number,
  { stream = STREAM.latents, truncation }: LatentOptions = {},
): Float32Array<ArrayBuffer> {
  checkRange('latent size', dim, 1, MAX_LATENT_SIZE);
  checkRange('sample index', start, 0, MAX_INDEX);
  checkRange('number of samples', count, 0, MAX_INDEX - start + 1);
  if (truncation !== undefined) checkTruncation(truncation);
  const words = new Uint32Array(count * dim);
  for (let row = 0; row < count; row += 1) {
    fillWords(words.subarray(row * dim, (row + 1) * dim), seed, stream, start + row);
  }
  const batch = new Float32Array(words.length);
  fillNormal(batch, words, truncation === undefined ? 1 : normalWithin(truncation));
  return batch;
}

/** Why a truncation is none, in one line, `got` as it is to be shown; nothing where it is one. */
export function truncationReason(
  truncation: number,
  got: string | number = truncation,
): string | undefined {
  if (truncation >= MIN_TRUNCATION && truncation <= MAX_TRUNCATION) return undefined;
  const isTiny = truncation > 0 && truncation < MIN_TRUNCATION;
  const why = isTiny ? ': below 0.000001 all pictures are the same' : '';
  return `expected a number above 0 and up to ${MAX_TRUNCATION}, got ${got}${why}`;
}

function checkTruncation(truncation: number): void {
  const reason = truncationReason(truncation);
  if (reason) throw new ModelError(`truncation: ${reason}`);
}

function checkRange(what: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new ModelError(`${what}: ${rangeReason(low, high, value)}`);
  }
}
