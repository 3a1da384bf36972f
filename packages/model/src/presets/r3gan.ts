import {
  type ImageSize,
  inputs,
  type Layers,
  leaky,
  type Preset,
  type Start,
  startOf,
  widths,
} from './preset.ts';

const MOST_FILTERS = 128;
/** Those at half the image's size. */
const LAST_FILTERS = 32;
/** Channels of a group, and how much wider than its block a grouped convolution is. */
const GROUP = 16;
const EXPANSION = 2;
/** Keeps a variance through a LeakyReLU of slope 0.2. */
const LEAKY_GAIN = Math.sqrt(2 / (1 + 0.2 ** 2));

/**
 * x + a branch of three convolutions, the middle one wide and in groups. Branches start as zeros and are scaled by
 * the number of blocks (fix-up initialisation, Zhang et al. 2019), which stands in for normalisation. The biases
 * are those of the activations.
 */
function block(name: string, from: string, filters: number, blocks: number): Layers {
  const scaled = { init: 'he', gain: LEAKY_GAIN * blocks ** -0.25 } as const;
  const wide = { filters: EXPANSION * filters, ...scaled };
  const groups = (EXPANSION * filters) / GROUP;
  return [
    { type: 'conv2d', ...wide, kernel: 1, from },
    leaky,
    { type: 'conv2d', ...wide, kernel: 3, pad: 1, groups },
    leaky,
    { type: 'conv2d', filters, kernel: 1, init: 'zeros', bias: false, name: `${name}-branch` },
    { type: 'add', from: [from, `${name}-branch`], name },
  ];
}

/** Filters from the smallest images to half the image's size: twice as many at half the size, up to a limit. */
function stages({ doublings }: Start): number[] {
  return widths(doublings, LAST_FILTERS).map((filters) => Math.min(MOST_FILTERS, filters));
}

function generator(image: ImageSize, start: Start): Layers {
  const filters = stages(start);
  const first = filters[0]!;
  return [
    { type: 'dense', units: first * start.height * start.width, init: 'he', bias: false },
    { type: 'reshape', shape: [first, start.height, start.width], name: 'start0' },
    ...block('stage0', 'start0', first, filters.length),
    ...filters
      .slice(1)
      .flatMap(
        (each, i): Layers => [
          { type: 'conv2d', filters: each, kernel: 1, init: 'he', bias: false },
          { type: 'upsample2d', mode: 'bilinear', name: `start${i + 1}` },
          ...block(`stage${i + 1}`, `start${i + 1}`, each, filters.length),
        ],
      ),
    { type: 'conv2d', filters: 4 * image.channels, kernel: 1, init: 'he', bias: false },
    { type: 'pixelShuffle' },
    { type: 'tanh' },
  ];
}

function discriminator(start: Start): Layers {
  const [largest, ...filters] = stages(start).toReversed();
  const kernel: [number, number] = [start.height, start.width];
  const last = filters.at(-1)!;
  return [
    {
      type: 'conv2d',
      filters: largest!,
      kernel: 2,
      stride: 2,
      init: 'he',
      bias: false,
      name: 'start0',
    },
    ...block('stage0', 'start0', largest!, filters.length + 1),
    ...filters.flatMap(
      (each, i): Layers => [
        { type: 'avgPool2d', kernel: 2 },
        {
          type: 'conv2d',
          filters: each,
          kernel: 1,
          init: 'he',
          bias: false,
          name: `start${i + 1}`,
        },
        ...block(`stage${i + 1}`, `start${i + 1}`, each, filters.length + 1),
      ],
    ),
    { type: 'conv2d', filters: last, kernel, groups: last, init: 'he', bias: false },
    { type: 'flatten' },
    { type: 'dense', units: 1, init: 'he', bias: false },
  ];
}

/**
 * A small form of Huang et al. 2024's networks: z 64, residual blocks without normalisation. For CPUs it has one
 * block of 32 to 128 filters at each size up to half the image's, whose pixels are drawn and seen four at a time;
 * the paper's have two of 768 filters, at the image's size too. Its tanh the paper has not: without one, black is
 * hard to draw (docs/methods.md).
 */
export const r3gan: Preset = (image) => {
  const start = startOf(image, 'r3gan');
  return {
    generator: { inputs: { z: [64] }, layers: generator(image, start) },
    discriminator: { inputs: inputs(image), layers: discriminator(start) },
  };
};
