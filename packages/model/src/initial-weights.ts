/** The weights a network starts with, seeded by name: what else a state holds changes none of them. */
import { sizeOf } from '@ganport/onnx';
import type { Init, Parameter } from './layers/index.ts';
import { normalQuantile } from './normal.ts';
import { nameIndex, randomSequence, STREAM } from './random.ts';

/**
 * The initial values of parameters by full name, `prefix.3.weight`.
 * @param prefix tells networks apart: "generator"
 * @throws ModelError if the seed is not an integer, 0 ≤ seed < 2^53
 */
export function initialWeights(
  parameters: readonly Parameter[],
  seed: number,
  prefix: string,
): Record<string, Float32Array<ArrayBuffer>> {
  const weights = parameters.map(({ name, shape, init }) => {
    const out = new Float32Array(sizeOf(shape));
    fillInit(out, init, seed, `${prefix}.${name}`);
    return [`${prefix}.${name}`, out] as const;
  });
  return Object.fromEntries(weights);
}

/** Fills `out` with initial values; the seed and the tensor's full name choose its random numbers. */
export function fillInit(out: Float32Array, init: Init, seed: number, name: string): void {
  const parts = fillInitInParts(out, init, seed, name);
  while (!parts.next().done);
}

/** Random numbers between two pauses: some tens of milliseconds. */
const PART = 2 ** 20;

/** The same in parts, between which others may have the thread: the largest tensor takes half a minute. */
export function* fillInitInParts(
  out: Float32Array,
  init: Init,
  seed: number,
  name: string,
): Generator<void, void> {
  if (init.type === 'constant') {
    out.fill(init.value);
    return;
  }
  const { uniform } = randomSequence(seed, STREAM.weights, nameIndex(name));
  for (let first = 0; first < out.length; first += PART) {
    const end = Math.min(first + PART, out.length);
    for (let i = first; i < end; i++) {
      out[i] =
        init.type === 'uniform'
          ? (2 * uniform() - 1) * init.bound
          : normalQuantile(uniform()) * init.deviation;
    }
    yield;
  }
}
