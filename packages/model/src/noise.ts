/** Random numbers that a training step is fed: of a name, a step and a seed. */
import { sizeOf } from '@ganport/onnx';
import type { Distribution, Size } from './layers/index.ts';
import { fillNormal } from './normal.ts';
import { fillWords, nameIndex, STREAM } from './random.ts';

/**
 * Float32 numbers of a shape, row-major: other ones for each name and each step, counted from 1.
 * @throws ModelError if the seed is not an integer, 0 ≤ seed < 2^53
 */
export function noise(
  seed: number,
  name: string,
  step: number,
  shape: Size,
  distribution: Distribution,
): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(sizeOf(shape));
  fillWords(words, seed, STREAM.noise, nameIndex(`${name} ${step}`));
  // The highest word would round to 1.
  if (distribution === 'uniform') {
    return Float32Array.from(words, (word) => Math.min((word + 0.5) / 2 ** 32, BELOW_ONE));
  }
  const out = new Float32Array(words.length);
  fillNormal(out, words);
  return out;
}

/** The largest float32 below 1. */
const BELOW_ONE = 1 - 2 ** -24;
