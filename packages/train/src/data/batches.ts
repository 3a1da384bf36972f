/** Which images a step sees. */
import { permutation } from '@ganport/model';

/**
 * The order a data set of `count` ≥ 1 images is seen in: shuffled anew for every epoch, each image
 * once per epoch, and batches run on from one epoch into the next.
 * @returns the indices [batch] of a step, steps counted from 0: a function of the seed and the step
 * alone, in any order; quick where steps follow each other, as the last epoch's order is kept
 * @throws ModelError unless `seed` is an integer, 0 ≤ seed < 2^53
 */
export function batchOrder(
  seed: number,
  batch: number,
  count: number,
): (step: number) => Uint32Array {
  let epoch = 0;
  let order = permutation(seed, epoch, count);
  return (step) => {
    const indices = new Uint32Array(batch);
    for (let filled = 0; filled < batch; ) {
      const position = step * batch + filled;
      const wanted = Math.floor(position / count);
      if (wanted !== epoch) order = permutation(seed, wanted, count);
      epoch = wanted;
      const start = position % count;
      const part = order.subarray(start, start + batch - filled);
      indices.set(part, filled);
      filled += part.length;
    }
    return indices;
  };
}
