/** How a kernel is laid over an image, and how a Conv or ConvTranspose node says it. */
import type { Node } from '../value.ts';

/** Of height and of width. */
export type Pair = readonly [number, number];

/** Zeros around an image: [top, left, bottom, right], as ONNX orders them. */
export type Pads = readonly [number, number, number, number];

export interface Geometry {
  kernel: Pair;
  strides: Pair;
  pads: Pads;
  dilations: Pair;
  group: number;
}

export function geometry(attributes: Node['attributes']): Geometry {
  const { kernel_shape, strides, pads, dilations, group } = attributes;
  return { kernel: kernel_shape, strides, pads, dilations, group } as unknown as Geometry;
}

/** How far a kernel reaches beyond its first tap, in pixels, along height (0) or width (1). */
export function reach({ kernel, dilations }: Geometry, i: 0 | 1): number {
  return (kernel[i] - 1) * dilations[i];
}

/** Whether the adjoint of the convolution is a convolution too. */
export function isDense({ strides, group }: Geometry): boolean {
  return strides[0] === 1 && strides[1] === 1 && group === 1;
}

/** Zeros around a gradient with which convolving it gives an image of the input's size. */
export function flippedPads(g: Geometry): Pads {
  const [top, left, bottom, right] = g.pads;
  const [rows, columns] = [reach(g, 0), reach(g, 1)];
  return [rows - top, columns - left, rows - bottom, columns - right];
}
