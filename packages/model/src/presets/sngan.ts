import { inputs, type Layers, opening, type Preset, relu, startOf, widths } from './preset.ts';

const leaky = { type: 'leakyRelu', slope: 0.1 } as const;
const same = { kernel: 3, pad: 1, init: 'normal' } as const;
const stride = { kernel: 4, stride: 2, pad: 1, init: 'normal' } as const;
const spectralNorm = true;
/** Of the layers at the image's size: a quarter of the paper's, for CPUs. */
const LAST_FILTERS = 16;

/**
 * The plain convolutional networks of Miyato et al. 2018 (table 3): z 128, spectral normalisation in the
 * discriminator, no batch normalisation there. The layer of most filters has 64 of 28 pixels, 128 of 32; the paper's 512.
 */
export const sngan: Preset = (image) => {
  const start = startOf(image, 'sngan');
  const { doublings } = start;
  const first = 2 * widths(doublings, LAST_FILTERS)[0]!;
  const up = widths(doublings, LAST_FILTERS).flatMap(
    (filters): Layers => [
      { type: 'convTranspose2d', filters, ...stride, bias: false },
      { type: 'batchNorm' },
      relu,
    ],
  );
  const down = widths(doublings, LAST_FILTERS)
    .toReversed()
    .flatMap(
      (filters): Layers => [
        { type: 'conv2d', filters, ...same, spectralNorm },
        leaky,
        { type: 'conv2d', filters: 2 * filters, ...stride, spectralNorm },
        leaky,
      ],
    );
  return {
    generator: {
      inputs: { z: [128] },
      layers: [
        ...opening(first, start),
        ...up,
        { type: 'conv2d', filters: image.channels, ...same },
        { type: 'tanh' },
      ],
    },
    discriminator: {
      inputs: inputs(image),
      layers: [
        ...down,
        { type: 'flatten' },
        { type: 'dense', units: 1, init: 'normal', spectralNorm },
      ],
    },
  };
};
