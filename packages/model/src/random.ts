/**
 * Seeded random numbers as a pure function of (seed, stream, index, position), so that any part of
 * any sequence can be had without what came before, alike on every machine. The mixer is
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011): 32-bit additions, rotations and exclusive-ors, nothing that rounds.
 */
import { ModelError } from './error.ts';
import { rangeReason } from './whole-number.ts';

/** What random numbers are for: uses with different streams share none. At most 2,048. */
export const STREAM = {
  latents: 0,
  weights: 1,
  shuffle: 2,
  glyphs: 3,
  /** Latents that training draws: others than those of any sample. */
  training: 4,
  projections: 5,
  /** Which images samples are compared with. */
  evaluation: 6,
  /** What layers, penalties and augmentations draw in training. */
  noise: 7,
  /** Which images training sees mirrored. */
  flips: 8,
} as const;

export type Stream = (typeof STREAM)[keyof typeof STREAM];

/** Key-schedule parity of the Threefish cipher, cut to 32 bits as Random123 does. */
const PARITY = 0x1bd11bda;

/** Bits of a seed beyond its low word; the stream takes the 11 above them. */
const SEED_HIGH_BITS = 21;

/** 2^53 − 1: the key takes 53 bits of a seed. */
export const MAX_SEED = Number.MAX_SAFE_INTEGER;

/** @throws ModelError unless `seed` is an integer, 0 ≤ seed < 2^53. */
export function checkSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ModelError(`seed: ${rangeReason(0, MAX_SEED, seed)}`);
  }
}

/**
 * Fills `out` with 32-bit words: position 0 onwards of sequence `index` (0 ≤ index < 2^32). A longer
 * `out` starts with the same words.
 * @throws ModelError if the seed is not an integer, 0 ≤ seed < 2^53
 */
export function fillWords(out: Uint32Array, seed: number, stream: Stream, index: number): void {
  checkSeed(seed);
  const key0 = lowKey(seed);
  const key1 = highKey(seed, stream);
  for (let at = 0; at < out.length; at += 2) threefry2x32(out, at, key0, key1, index, at >>> 1);
}

/** One sequence of random numbers, drawn in order. */
export interface Random {
  /** Uniform in the open interval (0, 1), in steps of 2^-32. */
  uniform(): number;
  /** A uniform integer, 0 ≤ n < `bound` ≤ 2^32, without bias. */
  below(bound: number): number;
}

/**
 * Draws from sequence `index` (0 ≤ index < 2^32) of a stream: the same words as `fillWords`.
 * @throws ModelError if the seed is not an integer, 0 ≤ seed < 2^53
 */
export function randomSequence(seed: number, stream: Stream, index: number): Random {
  checkSeed(seed);
  const words = new Uint32Array(2);
  let position = 0;
  const next = (): number => {
    if ((position & 1) === 0) {
      threefry2x32(words, 0, lowKey(seed), highKey(seed, stream), index, position / 2);
    }
    return words[position++ & 1]!;
  };
  return {
    uniform: () => (next() + 0.5) / 2 ** 32,
    below: (bound) => {
      // The words from the last whole multiple of `bound` on would favour small results.
      const whole = 2 ** 32 - (2 ** 32 % bound);
      let word = next();
      while (word >= whole) word = next();
      return word % bound;
    },
  };
}

/**
 * A sequence's index, 0 ≤ index < 2^32, from a name: FNV-1a of its UTF-8 bytes (Fowler, Noll and Vo
 * 1991). Threefry mixes it, so like names give unlike sequences. Of a thousand names, two share an
 * index once in 8,600 times.
 */
export function nameIndex(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * A random order of 0 … n − 1, each order equally likely: epoch `epoch` of a data set of n images.
 * Durstenfeld's form of the Fisher–Yates shuffle (CACM 7(7), 1964, algorithm 235).
 * @param stream which of the seed's orders: those training goes through unless given
 */
export function permutation(
  seed: number,
  epoch: number,
  n: number,
  stream: Stream = STREAM.shuffle,
): Uint32Array {
  const { below } = randomSequence(seed, stream, epoch);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let last = n - 1; last > 0; last -= 1) {
    const other = below(last + 1);
    const moved = order[last]!;
    order[last] = order[other]!;
    order[other] = moved;
  }
  return order;
}

/**
 * Writes the two words of Threefry-2x32-20 for a key and a counter, each two words, to `out[at]`
 * and `out[at + 1]`; a second word beyond the end of `out` is dropped. The rounds are written out: a
 * loop over them takes twice as long.
 */
// biome-ignore format: a line per round, and per addition of the key after each four.
export function threefry2x32(
  out: Uint32Array,
  at: number,
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
): void {
  const k0 = key0 | 0;
  const k1 = key1 | 0;
  const k2 = k0 ^ k1 ^ PARITY;
  let x0 = (counter0 + k0) | 0;
  let x1 = (counter1 + k1) | 0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 13) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 15) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 26) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 6) ^ x0;
  x0 = (x0 + k1) | 0; x1 = (x1 + k2 + 1) | 0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 17) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 29) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 16) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 24) ^ x0;
  x0 = (x0 + k2) | 0; x1 = (x1 + k0 + 2) | 0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 13) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 15) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 26) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 6) ^ x0;
  x0 = (x0 + k0) | 0; x1 = (x1 + k1 + 3) | 0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 17) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 29) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 16) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 24) ^ x0;
  x0 = (x0 + k1) | 0; x1 = (x1 + k2 + 4) | 0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 13) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 15) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 26) ^ x0;
  x0 = (x0 + x1) | 0; x1 = rotateLeft(x1, 6) ^ x0;
  x0 = (x0 + k2) | 0; x1 = (x1 + k0 + 5) | 0;
  out[at] = x0;
  if (at + 1 < out.length) out[at + 1] = x1;
}

function lowKey(seed: number): number {
  return seed | 0;
}

function highKey(seed: number, stream: Stream): number {
  return Math.floor(seed / 2 ** 32) | (stream << SEED_HIGH_BITS);
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
