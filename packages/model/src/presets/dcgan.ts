import {
  inputs,
  type Layers,
  leaky,
  opening,
  type Preset,
  relu,
  startOf,
  widths,
} from './preset.ts';

/** Of the widest images; 128 in the paper. */
export const FILTERS = 16;

/** Both networks halve or double the image by strides of 2. */
const stride = { kernel: 4, stride: 2, pad: 1, init: 'normal' } as const;
/** Batch normalisation takes a bias out again. */
const normed = { ...stride, bias: false } as const;

/** Radford et al. 2015, with an eighth of the published filters: z 100, batch normalisation in both networks. */
export const dcgan: Preset = (image) => {
  const start = startOf(image, 'dcgan');
  const { doublings } = start;
  const filters = widths(doublings, FILTERS);
  const first = filters[0]!;
  const up = filters
    .slice(1)
    .flatMap(
      (filters): Layers => [
        { type: 'convTranspose2d', filters, ...normed },
        { type: 'batchNorm' },
        relu,
      ],
    );
  const [narrowest, ...wider] = filters.toReversed();
  const down = wider.flatMap(
    (filters): Layers => [{ type: 'conv2d', filters, ...normed }, { type: 'batchNorm' }, leaky],
  );
  return {
    generator: {
      inputs: { z: [100] },
      layers: [
        ...opening(first, start),
        ...up,
        { type: 'convTranspose2d', filters: image.channels, ...stride },
        { type: 'tanh' },
      ],
    },
    discriminator: {
      inputs: inputs(image),
      layers: [
        { type: 'conv2d', filters: narrowest!, ...stride },
        leaky,
        ...down,
        { type: 'flatten' },
        { type: 'dense', units: 1, init: 'normal' },
      ],
    },
  };
};
