/** Pooling of images [N, C, H, W]. */
import { sizeOf } from '@ganport/onnx';
import { SampleError } from '../error.ts';
import type { Attributes } from './elementwise.ts';
import { type Tensor, zeros } from './graph.ts';
import { conv } from './linear.ts';

/** The greatest number of each channel: [N, C, 1, 1]. */
export function globalMaxPool([x]: readonly Tensor[]): Tensor {
  const shape = [...x!.shape.slice(0, 2), 1, 1];
  const plane = sizeOf(x!.shape.slice(2));
  const data = zeros(shape);
  data.fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < x!.data.length; i += 1) {
    const channel = Math.floor(i / plane);
    data[channel] = Math.max(data[channel]!, x!.data[i]!);
  }
  return { shape, data };
}

/** Mean of each window: a convolution of each channel by itself. */
export function averagePool([x]: readonly Tensor[], attributes: Attributes): Tensor {
  const { kernel_shape, pads, ceil_mode = 0 } = attributes;
  const padded = Array.isArray(pads) && pads.some((pad) => pad !== 0);
  if (padded || ceil_mode) throw new SampleError('AveragePool pads, or rounds up');
  const kernel = kernel_shape as number[];
  const shape = [x!.shape[1]!, 1, ...kernel];
  const weights = { shape, data: zeros(shape).fill(1 / sizeOf(kernel)) };
  return conv([x!, weights], { ...attributes, group: x!.shape[1]! });
}
