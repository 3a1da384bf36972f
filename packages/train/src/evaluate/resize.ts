/** Images brought to the size that a model takes. */

export interface Size {
  height: number;
  width: number;
}

/** What one number of a resized line is made of: `weights` of the numbers from `first` on. */
interface Tap {
  first: number;
  weights: Float64Array;
}

/**
 * Resizes planes [N, height, width] bilinearly, without aliasing where they shrink: the triangle filter of Pillow's
 * BILINEAR, of PyTorch's interpolate with `antialias` and of ONNX's Resize with `antialias`, on numbers that are not rounded
 * (Parmar, Zhang & Zhu 2022, "On aliased resizing and surprising subtleties in GAN evaluation").
 */
export function resizePlanes(planes: Float32Array, from: Size, to: Size): Float32Array {
  if (from.height === to.height && from.width === to.width) return planes;
  const count = planes.length / (from.height * from.width);
  const [across, down] = [taps(from.width, to.width), taps(from.height, to.height)];
  const out = new Float32Array(count * to.height * to.width);
  const narrow = new Float64Array(from.height * to.width);
  for (let plane = 0; plane < count; plane++) {
    for (let y = 0; y < from.height; y++) {
      const row = (plane * from.height + y) * from.width;
      for (let x = 0; x < to.width; x++) {
        const { first, weights } = across[x]!;
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * planes[row + first + k]!;
        narrow[y * to.width + x] = sum;
      }
    }
    for (let y = 0; y < to.height; y++) {
      const { first, weights } = down[y]!;
      const row = (plane * to.height + y) * to.width;
      for (let x = 0; x < to.width; x++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) {
          sum += weights[k]! * narrow[(first + k) * to.width + x]!;
        }
        out[row + x] = sum;
      }
    }
  }
  return out;
}

/** Of each of `to` numbers, in a line of `from`: centres lie half a pixel in, and what would lie outside counts for nothing. */
function taps(from: number, to: number): Tap[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.ceil(centre - reach - 0.5));
    const last = Math.min(from - 1, Math.floor(centre + reach - 0.5));
    const weights = Float64Array.from({ length: last - first + 1 }, (_, k) =>
      Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / reach),
    );
    const total = weights.reduce((sum, x) => sum + x, 0);
    return { first, weights: weights.map((x) => x / total) };
  });
}
