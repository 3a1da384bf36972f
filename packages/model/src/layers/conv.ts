import { ops as op } from '@ganport/onnx';
import * as z from 'zod';
import { layer } from './contract.ts';
import { count, expectImage, fits, init, margin, pair, weightAndBias } from './options.ts';

/** Options of a convolution and of its transpose. */
const options = {
  filters: count,
  kernel: pair(count),
  stride: pair(count).default([1, 1]),
  pad: pair(margin).default([0, 0]),
  bias: z.boolean().default(true),
  init,
};

/** [top, left, bottom, right], as ONNX orders them. */
const pads = ([y, x]: readonly [number, number]) => [y, x, y, x] as const;

export const conv2d = layer('conv2d', options, {
  inputs: 'one',
  shape: ({ filters, kernel, stride, pad }, [x]) => {
    expectImage(x!);
    const size = [0, 1].map(
      (i) => Math.floor((x![i + 1]! + 2 * pad[i]! - kernel[i]!) / stride[i]!) + 1,
    );
    return fits([filters, ...size], `kernel ${kernel.join('×')} is larger than its input [${x}]`);
  },
  parameters: ({ filters, kernel, ...rest }, [x]) => {
    const channels = x![0]!;
    const fanIn = channels * kernel[0] * kernel[1];
    return weightAndBias([filters, channels, ...kernel], filters, fanIn, rest);
  },
  lower: ({ stride, pad, bias }, [x], { weight }) =>
    op.Conv(x!, weight('weight'), bias ? weight('bias') : undefined, {
      strides: stride,
      pads: pads(pad),
    }),
});

export const convTranspose2d = layer('convTranspose2d', options, {
  inputs: 'one',
  shape: ({ filters, kernel, stride, pad }, [x]) => {
    expectImage(x!);
    const size = [0, 1].map((i) => (x![i + 1]! - 1) * stride[i]! + kernel[i]! - 2 * pad[i]!);
    return fits([filters, ...size], `pad ${pad.join('×')} leaves nothing of its input [${x}]`);
  },
  // PyTorch takes the fan-in of a [in, out, kh, kw] weight from its second axis.
  parameters: ({ filters, kernel, ...rest }, [x]) => {
    const fanIn = filters * kernel[0] * kernel[1];
    return weightAndBias([x![0]!, filters, ...kernel], filters, fanIn, rest);
  },
  lower: ({ stride, pad, bias }, [x], { weight }) =>
    op.ConvTranspose(x!, weight('weight'), bias ? weight('bias') : undefined, {
      strides: stride,
      pads: pads(pad),
    }),
});
