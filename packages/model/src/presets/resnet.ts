import { inputs, type Layers, type Preset, relu, startOf, widths } from './preset.ts';

/** Followed by a ReLU, or its shortcut: He et al. 2015's gain is 1.4, and 1. */
const wide = { kernel: 3, pad: 1, init: 'he', gain: 1.4 } as const;
const shortcut = { kernel: 1, init: 'he' } as const;
const spectralNorm = true;
/** At the image's size, twice as many at half of it: few, for CPUs. */
const LAST_FILTERS = 16;

/** The layer before a block is named `from`; the block's sum `name`. */
function up(name: string, from: string, filters: number): Layers {
  return [
    { type: 'upsample2d', from, name: `${name}-shortcut` },
    { type: 'conv2d', filters, ...shortcut, name: `${name}-around` },
    { type: 'batchNorm', from },
    relu,
    { type: 'upsample2d' },
    { type: 'conv2d', filters, ...wide, bias: false },
    { type: 'batchNorm' },
    relu,
    { type: 'conv2d', filters, ...wide, name: `${name}-residual` },
    { type: 'add', from: [`${name}-around`, `${name}-residual`], name },
  ];
}

/** The first block of a discriminator takes the image as it is; the others begin with a ReLU. */
function down(name: string, from: string, filters: number): Layers {
  const before: Layers = name === 'down0' ? [] : [{ ...relu, from, name: `${name}-relu` }];
  const first = name === 'down0' ? from : `${name}-relu`;
  return [
    { type: 'avgPool2d', kernel: 2, from, name: `${name}-shortcut` },
    { type: 'conv2d', filters, ...shortcut, spectralNorm, name: `${name}-around` },
    ...before,
    { type: 'conv2d', filters, ...wide, spectralNorm, from: first },
    relu,
    { type: 'conv2d', filters, ...wide, spectralNorm },
    { type: 'avgPool2d', kernel: 2, name: `${name}-residual` },
    { type: 'add', from: [`${name}-around`, `${name}-residual`], name },
  ];
}

/** At one size, with nothing on the way around. */
function level(name: string, from: string, filters: number): Layers {
  return [
    { ...relu, from },
    { type: 'conv2d', filters, ...wide, spectralNorm },
    relu,
    { type: 'conv2d', filters, ...wide, spectralNorm, name: `${name}-residual` },
    { type: 'add', from: [from, `${name}-residual`], name },
  ];
}

/**
 * The residual networks of Miyato et al. 2018 (table 4): z 128, spectral normalisation and a sum over all pixels in
 * the discriminator. The paper's have 256 filters in each block of the generator and 128 of the discriminator.
 */
export const resnet: Preset = (image) => {
  const { height, width, doublings } = startOf(image, 'resnet');
  const filters = widths(doublings, LAST_FILTERS);
  const first = filters[0]!;
  return {
    generator: {
      inputs: { z: [128] },
      layers: [
        { type: 'dense', units: first * height * width, init: 'he' },
        { type: 'reshape', shape: [first, height, width], name: 'start' },
        ...filters.flatMap((each, i) => up(`up${i}`, i === 0 ? 'start' : `up${i - 1}`, each)),
        { type: 'batchNorm' },
        relu,
        { type: 'conv2d', filters: image.channels, kernel: 3, pad: 1, init: 'he' },
        { type: 'tanh' },
      ],
    },
    discriminator: {
      inputs: inputs(image),
      layers: [
        ...filters
          .toReversed()
          .flatMap((each, i) => down(`down${i}`, i === 0 ? 'image' : `down${i - 1}`, each)),
        ...level('level', `down${doublings - 1}`, first),
        relu,
        { type: 'globalSumPool2d' },
        { type: 'dense', units: 1, init: 'he', spectralNorm },
      ],
    },
  };
};
