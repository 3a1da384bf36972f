/** How different pictures are from each other, which a generator that has collapsed loses. */

/**
 * The median, over images, of the distance to the nearest other one: root mean square of the
 * differences, in the units of the numbers. It falls to 0 when most images have a twin, however many
 * kinds there are.
 * @param images rows of `dim` numbers each, two rows at least
 */
export function nearestDistance(images: Float32Array, dim: number): number {
  const count = images.length / dim;
  const nearest = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      const squared = squaredDistance(images, i * dim, j * dim, dim);
      nearest[i] = Math.min(nearest[i]!, squared);
      nearest[j] = Math.min(nearest[j]!, squared);
    }
  }
  return Math.sqrt(nearest.sort()[count >> 1]! / dim);
}

function squaredDistance(images: Float32Array, a: number, b: number, dim: number): number {
  let sum = 0;
  for (let k = 0; k < dim; k++) {
    const difference = images[a + k]! - images[b + k]!;
    sum += difference * difference;
  }
  return sum;
}
