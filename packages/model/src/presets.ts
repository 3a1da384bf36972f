/** The networks that come with ganport. */
import type { NetworkSpec } from './network.ts';

export interface GanSpec {
  generator: NetworkSpec;
  discriminator: NetworkSpec;
}

const leaky = { type: 'leakyRelu', slope: 0.2 } as const;
const relu = { type: 'relu' } as const;

/** Both networks fully connected: z 100 → 256 → 256 → 784 and 784 → 256 → 256 → 1. */
const mlp: GanSpec = {
  generator: {
    inputs: { z: [100] },
    layers: [
      { type: 'dense', units: 256 },
      relu,
      { type: 'dense', units: 256 },
      relu,
      { type: 'dense', units: 784 },
      { type: 'tanh' },
      { type: 'reshape', shape: [1, 28, 28] },
    ],
  },
  discriminator: {
    inputs: { image: [1, 28, 28] },
    layers: [
      { type: 'flatten' },
      { type: 'dense', units: 256 },
      leaky,
      { type: 'dense', units: 256 },
      leaky,
      { type: 'dense', units: 1 },
    ],
  },
};

/** Both convolutional; the generator draws at 56 × 56 and its last layer halves that. */
const conv: GanSpec = {
  generator: {
    inputs: { z: [100] },
    layers: [
      { type: 'dense', units: 3136 },
      { type: 'reshape', shape: [1, 56, 56] },
      { type: 'batchNorm' },
      relu,
      { type: 'conv2d', filters: 50, kernel: 3, pad: 1 },
      { type: 'batchNorm' },
      relu,
      { type: 'conv2d', filters: 25, kernel: 3, pad: 1 },
      { type: 'batchNorm' },
      relu,
      { type: 'conv2d', filters: 1, kernel: 2, stride: 2 },
      { type: 'tanh' },
    ],
  },
  discriminator: {
    inputs: { image: [1, 28, 28] },
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
};

/** Small enough to draw digits after a minute of training on two CPU cores. */
const quick: GanSpec = {
  generator: {
    inputs: { z: [64] },
    layers: [
      { type: 'dense', units: 3136 },
      { type: 'reshape', shape: [64, 7, 7] },
      { type: 'batchNorm' },
      relu,
      { type: 'convTranspose2d', filters: 32, kernel: 4, stride: 2, pad: 1 },
      { type: 'batchNorm' },
      relu,
      { type: 'convTranspose2d', filters: 1, kernel: 4, stride: 2, pad: 1 },
      { type: 'tanh' },
    ],
  },
  discriminator: {
    inputs: { image: [1, 28, 28] },
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

export const PRESETS = { mlp, conv, quick } as const;

export type PresetName = keyof typeof PRESETS;
