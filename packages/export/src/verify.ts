/** Draws with a model, to compare an exported generator with the network that was trained. */
import { float32, type Tensor } from '@ganport/onnx';
import type { Program } from '@ganport/runtime';

/** Opens a model where it is to draw. */
export type OpenModel = (model: Uint8Array) => Promise<Program>;

export interface Batch {
  /** Latents [count, latent]. */
  z: Float32Array;
  count: number;
  /** Of generators of classes, [count]. */
  labels?: BigInt64Array | undefined;
}

/** Runs a generator on each batch; `weights` are its inputs beside z and label. Returns each output's numbers. */
export async function drawAll(
  open: OpenModel,
  model: Uint8Array,
  batches: readonly Batch[],
  weights: Record<string, Tensor> = {},
): Promise<(Float32Array | Uint8Array)[]> {
  const program = await open(model);
  try {
    const drawn: (Float32Array | Uint8Array)[] = [];
    for (const { z, count, labels } of batches) {
      const { image } = await program.run({
        ...weights,
        z: float32(z, [count, z.length / count]),
        ...(labels && { label: { dtype: 'int64', shape: [count], data: labels } as const }),
      });
      drawn.push(image!.data as Float32Array | Uint8Array);
    }
    return drawn;
  } finally {
    await program.close();
  }
}

/** The largest difference between two lists of images; NaN if one is, or if they differ in size. */
export function largestDifference(
  a: readonly ArrayLike<number>[],
  b: readonly ArrayLike<number>[],
): number {
  const largest = a.map((images, i) => {
    const others = b[i]!;
    if (images.length !== others.length) return Number.NaN;
    let most = 0;
    // Math.max keeps a NaN.
    for (let k = 0; k < images.length; k++)
      most = Math.max(most, Math.abs(images[k]! - others[k]!));
    return most;
  });
  return Math.max(...largest);
}
