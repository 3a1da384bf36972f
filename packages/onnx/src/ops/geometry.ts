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
