/** Digits as another hand might have written them: slightly turned, sheared, scaled and moved. */
import type { Random } from '@ganport/model';

/** Largest changes: of scale, of shear and turn, and of place in pixels. */
const [SCALE, SHEAR, SHIFT] = [0.14, 0.22, 2];

/** Draws images [N, size, size] through one random affine map each, with bilinear weights; outside is 0. */
export function distort(images: Uint8Array, size: number, { uniform }: Random): Uint8Array {
  const out = new Uint8Array(images.length);
  const spread = (most: number) => most * (2 * uniform() - 1);
  const middle = (size - 1) / 2;
  for (let start = 0; start < images.length; start += size * size) {
    const [a, b] = [1 + spread(SCALE), spread(SHEAR)];
    const [c, d] = [spread(SHEAR), 1 + spread(SCALE)];
    const [left, top] = [middle + spread(SHIFT), middle + spread(SHIFT)];
    const at = (x: number, y: number) =>
      x < 0 || y < 0 || x >= size || y >= size ? 0 : images[start + y * size + x]!;
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const u = a * (x - middle) + b * (y - middle) + left;
        const v = c * (x - middle) + d * (y - middle) + top;
        const [x0, y0] = [Math.floor(u), Math.floor(v)];
        const [fx, fy] = [u - x0, v - y0];
        const above = (1 - fx) * at(x0, y0) + fx * at(x0 + 1, y0);
        const below = (1 - fx) * at(x0, y0 + 1) + fx * at(x0 + 1, y0 + 1);
        out[start + y * size + x] = Math.round((1 - fy) * above + fy * below);
      }
    }
  }
  return out;
}
