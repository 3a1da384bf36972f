import { ops as op } from '@ganport/onnx';
import { LayerError, layer, type Size } from './contract.ts';
import {
  appliedWeights,
  count,
  expectImage,
  fits,
  margin,
  pads,
  pair,
  sides,
  weightAndBias,
  weighted,
} from './options.ts';

/** Options of a convolution and of its transpose. */
const options = {
  filters: count,
  kernel: pair(count),
  stride: pair(count).default([1, 1]),
  pad: pads.default([0, 0]),
  /** Channels and filters are cut into so many groups, each of which sees its own channels alone. */
  groups: count.default(1),
  ...weighted,
};

function expectGroups(groups: number, filters: number, [channels]: Size): void {
  if (channels! % groups === 0 && filters % groups === 0) return;
  throw new LayerError(
    `groups ${groups}: expected a divisor of its ${channels} channels and ${filters} filters`,
  );
}

export const conv2d = layer('conv2d', options, {
  inputs: 'one',
  shape: ({ filters, kernel, stride, pad, groups }, [x]) => {
    expectImage(x!);
    expectGroups(groups, filters, x!);
    const edges = sides(pad);
    const size = [0, 1].map((i) => {
      const room = x![i + 1]! + edges[i]! + edges[i + 2]! - kernel[i]!;
      return Math.floor(room / stride[i]!) + 1;
    });
    return fits([filters, ...size], `kernel ${kernel.join('×')} is larger than its input [${x}]`);
  },
  parameters: ({ filters, kernel, groups, ...rest }, [x]) => {
    const channels = x![0]! / groups;
    const fanIn = channels * kernel[0] * kernel[1];
    return weightAndBias([filters, channels, ...kernel], filters, fanIn, rest);
  },
  lower: ({ stride, pad, groups, ...options }, [x], context) => {
    const [weight, bias] = appliedWeights(options, context);
    return op.Conv(x!, weight, bias, { strides: stride, pads: sides(pad), group: groups });
  },
});

export const convTranspose2d = layer(
  'convTranspose2d',
  {
    ...options,
    /** Rows and columns more at the bottom and right, as in PyTorch: strides give several sizes one before. */
    outputPadding: pair(margin).default([0, 0]),
  },
  {
    inputs: 'one',
    shape: ({ filters, kernel, stride, pad, groups, outputPadding }, [x]) => {
      expectImage(x!);
      expectGroups(groups, filters, x!);
      if (outputPadding.some((extra, i) => extra >= stride[i]!)) {
        throw new LayerError(
          `outputPadding ${outputPadding.join('×')}: expected less than the stride ${stride.join('×')}`,
        );
      }
      const edges = sides(pad);
      const size = [0, 1].map((i) => {
        const reach = (x![i + 1]! - 1) * stride[i]! + kernel[i]!;
        return reach + outputPadding[i]! - edges[i]! - edges[i + 2]!;
      });
      return fits([filters, ...size], `pad ${pad.join('×')} leaves nothing of its input [${x}]`);
    },
    // PyTorch takes the fan-in of a [in, out, kh, kw] weight from its second axis.
    parameters: ({ filters, kernel, groups, ...rest }, [x]) => {
      const each = filters / groups;
      const fanIn = each * kernel[0] * kernel[1];
      return weightAndBias([x![0]!, each, ...kernel], filters, fanIn, rest, 1);
    },
    lower: ({ stride, pad, groups, outputPadding, ...options }, [x], context) => {
      const [weight, bias] = appliedWeights(options, context, 1);
      return op.ConvTranspose(x!, weight, bias, {
        strides: stride,
        pads: sides(pad),
        group: groups,
        outputPadding,
      });
    },
  },
);
