/** Convolutions as matrices: the patches of an image under a window. */
import { type Tensor, zeros } from './graph.ts';

/** A convolution's window: kernel, strides and the padding before, each of height and width. */
export interface Window {
  kernel: readonly [number, number];
  strides: readonly [number, number];
  pads: readonly [number, number];
}

interface Planes {
  channels: number;
  height: number;
  width: number;
}

/**
 * Calls `visit` for each place of the kernel and each row of patches that has the place on the planes: with the first and
 * the last but one of the row's columns that have it there too, and where column 0 has it, counted within a plane.
 */
function eachPlace(
  { height, width }: Planes,
  { kernel: [kh, kw], strides: [sh, sw], pads: [top, left] }: Window,
  { rows, columns }: { rows: number; columns: number },
  visit: (place: number, row: number, from: number, to: number, at: number) => void,
): void {
  for (let y = 0; y < kh; y += 1) {
    for (let x = 0; x < kw; x += 1) {
      const from = Math.max(0, Math.ceil((left - x) / sw));
      const to = Math.min(columns, Math.floor((width - 1 + left - x) / sw) + 1);
      for (let row = 0; row < rows; row += 1) {
        const line = row * sh + y - top;
        if (line < 0 || line >= height) continue;
        visit(y * kw + x, row, from, to, line * width + x - left);
      }
    }
  }
}

/** The patches of planes [C, H, W] under a window: [rows × columns, C × kernel]. */
export function patchesOf(
  data: Tensor['data'],
  planes: Planes,
  window: Window,
  over: { rows: number; columns: number },
): Float32Array {
  const places = window.kernel[0] * window.kernel[1];
  const depth = planes.channels * places;
  const out = zeros([over.rows, over.columns, depth]);
  const [, step] = window.strides;
  for (let channel = 0; channel < planes.channels; channel += 1) {
    const plane = channel * planes.height * planes.width;
    eachPlace(planes, window, over, (place, row, from, to, at) => {
      const number = channel * places + place;
      for (let column = from; column < to; column += 1) {
        out[(row * over.columns + column) * depth + number] = data[plane + at + column * step]!;
      }
    });
  }
  return out;
}

/** Adds patches [C × kernel, rows × columns] up to planes [C, H, W]: the transpose of `patchesOf`. */
export function addPatches(
  patches: Float32Array,
  out: Float32Array,
  planes: Planes,
  window: Window,
  over: { rows: number; columns: number },
): void {
  const places = window.kernel[0] * window.kernel[1];
  const [, step] = window.strides;
  for (let channel = 0; channel < planes.channels; channel += 1) {
    const plane = channel * planes.height * planes.width;
    eachPlace(planes, window, over, (place, row, from, to, at) => {
      const begin = ((channel * places + place) * over.rows + row) * over.columns;
      for (let column = from; column < to; column += 1) {
        out[plane + at + column * step]! += patches[begin + column]!;
      }
    });
  }
}
