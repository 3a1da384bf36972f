/** The two networks that ganport began with, and a small one. */
import { type ImageSize, inputs, leaky, type Preset, relu, shrunk } from './preset.ts';

/** Both networks fully connected: z 100 → 256 → 256 → pixels and pixels → 256 → 256 → 1. */
export const mlp: Preset = (image) => ({
  generator: {
    inputs: { z: [100] },
    layers: [
      { type: 'dense', units: 256 },
      relu,
      { type: 'dense', units: 256 },
      relu,
      { type: 'dense', units: pixels(image) },
      { type: 'tanh' },
      { type: 'reshape', shape: [image.channels, image.height, image.width] },
    ],
  },
  discriminator: {
    inputs: inputs(image),
    layers: [
      { type: 'flatten' },
      { type: 'dense', units: 256 },
      leaky,
      { type: 'dense', units: 256 },
      leaky,
      { type: 'dense', units: 1 },
    ],
  },
});

const pixels = ({ channels, height, width }: ImageSize) => channels * height * width;

/** Both convolutional; the generator draws twice as large and its last layer halves that. */
export const conv: Preset = (image) => ({
  generator: {
    inputs: { z: [100] },
    layers: [
      { type: 'dense', units: 4 * image.height * image.width },
      { type: 'reshape', shape: [1, 2 * image.height, 2 * image.width] },
      { type: 'batchNorm' },
      relu,
      { type: 'conv2d', filters: 50, kernel: 3, pad: 1 },
      { type: 'batchNorm' },
      relu,
      { type: 'conv2d', filters: 25, kernel: 3, pad: 1 },
      { type: 'batchNorm' },
      relu,
      { type: 'conv2d', filters: image.channels, kernel: 2, stride: 2 },
      { type: 'tanh' },
    ],
  },
  discriminator: {
    inputs: inputs(image),
    layers: [
      { type: 'conv2d', filters: 32, kernel: 5, pad: 2 },
      leaky,
      { type: 'avgPool2d', kernel: 2 },
      { type: 'conv2d', filters: 64, kernel: 5, pad: 2 },
      leaky,
      { type: 'avgPool2d', kernel: 2 },
      { type: 'flatten' },
      { type: 'dense', units: 1024 },
      leaky,
      { type: 'dense', units: 1 },
    ],
  },
});

/** Small enough to draw digits after a minute of training on two CPU cores. */
export const quick: Preset = (image) => {
  const [height, width] = shrunk(image, 4, 'quick');
  return {
    generator: {
      inputs: { z: [64] },
      layers: [
        { type: 'dense', units: 64 * height * width },
        { type: 'reshape', shape: [64, height, width] },
        { type: 'batchNorm' },
        relu,
        { type: 'convTranspose2d', filters: 32, kernel: 4, stride: 2, pad: 1 },
        { type: 'batchNorm' },
        relu,
        { type: 'convTranspose2d', filters: image.channels, kernel: 4, stride: 2, pad: 1 },
        { type: 'tanh' },
      ],
    },
    discriminator: {
      inputs: inputs(image),
      layers: [
        { type: 'conv2d', filters: 16, kernel: 4, stride: 2, pad: 1 },
        leaky,
        { type: 'conv2d', filters: 32, kernel: 4, stride: 2, pad: 1 },
        leaky,
        { type: 'flatten' },
        { type: 'dense', units: 1 },
      ],
    },
  };
};
