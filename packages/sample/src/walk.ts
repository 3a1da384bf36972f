/** Walks through the latent space: pictures that turn into each other. */
import { type LatentOptions, latents } from '@ganport/model';

/**
 * Spherical interpolation, from a at 0 to b at 1: latents of a normal distribution in many dimensions lie near
 * a sphere, and straight lines between them pass through where there are none (Shoemake 1985, White 2016).
 * Lengths go from one to the other evenly. Opposite vectors, between which there is no shortest way, are joined
 * by a straight line.
 */
export function slerp(a: Float32Array, b: Float32Array, share: number): Float32Array {
  const [lengthA, lengthB] = [length(a), length(b)];
  const cosine = a.reduce((sum, x, i) => sum + x * b[i]!, 0) / (lengthA * lengthB);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  const sine = Math.sin(angle);
  if (!(sine > 1e-6)) return a.map((x, i) => (1 - share) * x + share * b[i]!);
  const [fromA, fromB] = [Math.sin((1 - share) * angle) / sine, Math.sin(share * angle) / sine];
  const wanted = (1 - share) * lengthA + share * lengthB;
  return a.map((x, i) => wanted * ((fromA * x) / lengthA + (fromB * b[i]!) / lengthB));
}

function length(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
}

export interface Walk extends Pick<LatentOptions, 'truncation'> {
  seed: number;
  /** Index of the first picture that the walk passes. */
  start: number;
  /** How many pictures, of indices after each other, it passes. */
  stops: number;
  /** How many steps from one to the next. */
  steps: number;
  /** Goes back from the last to the first, to be seen again and again. */
  closed: boolean;
}

/** How many pictures a walk has. */
export function walkCount({ stops, steps, closed }: Walk): number {
  return closed ? stops * steps : (stops - 1) * steps + 1;
}

/** Latents [count, size] of pictures first … first + count − 1 of a walk. */
export function walkLatents(walk: Walk, size: number, first: number, count: number): Float32Array {
  const { seed, start, stops, steps, truncation } = walk;
  const stop = (i: number) => latents(seed, start + (i % stops), size, { truncation });
  const batch = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const at = first + i;
    const [leg, step] = [Math.floor(at / steps), at % steps];
    const z = step === 0 ? stop(leg) : slerp(stop(leg), stop(leg + 1), step / steps);
    batch.set(z, i * size);
  }
  return batch;
}
