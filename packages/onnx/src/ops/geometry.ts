/** How the attributes of a Conv or ConvTranspose node lay its kernel over the image. */
import type { Node } from '../value.ts';
import type { Pads } from './conv.ts';

type Pair = readonly [number, number];

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
