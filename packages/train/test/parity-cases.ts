/** Layers that both engines are tried on. */
import type { LayerType, NetworkSpec } from '@ganport/model';

export type Layers = NetworkSpec['layers'];

export interface Case {
  title: string;
  /** Shape of what the layers are given. */
  input: number[];
  layers: Layers;
}

/** What each kind of layer is tried on, both in a generator and in a discriminator; embedding, of a label, with classes. */
export const CASES: Record<Exclude<LayerType, 'embedding'>, Case[]> = {
  dense: [
    { title: 'with a bias', input: [5], layers: [{ type: 'dense', units: 7 }] },
    { title: 'without', input: [5], layers: [{ type: 'dense', units: 7, bias: false }] },
    {
      title: 'of spectral norm 1',
      input: [5],
      layers: [{ type: 'dense', units: 7, spectralNorm: true }],
    },
  ],
  conv2d: [
    { kernel: 3, pad: 1 },
    { kernel: 4, stride: 2, pad: 1 },
    { kernel: 3, stride: 2, pad: 1 },
    { kernel: [2, 3], stride: [2, 1], pad: [0, 2] },
    { kernel: 3, stride: 2 },
    { kernel: 1, pad: 1 },
    { kernel: 2, stride: 3, bias: false },
    { kernel: 3, pad: 1, spectralNorm: true },
    { kernel: 3, stride: 2, pad: 1, filters: 4, groups: 2 },
    { kernel: 2, filters: 4, groups: 2, init: 'he' },
  ].map((options) => convolution('conv2d', options)),
  convTranspose2d: [
    { kernel: 4, stride: 2, pad: 1 },
    { kernel: 3, stride: 2 },
    { kernel: 3, stride: 2, pad: 1 },
    { kernel: [2, 3], stride: [2, 1], pad: [0, 1] },
    { kernel: 2, stride: 3, bias: false },
    { kernel: 5, stride: 2, pad: 2 },
    { kernel: 5, stride: 2, pad: 2, outputPadding: 1 },
    { kernel: 3, stride: 2, filters: 4, groups: 2, outputPadding: 1 },
    { kernel: 4, stride: 2, pad: 1, spectralNorm: true },
  ].map((options) => convolution('convTranspose2d', options)),
  batchNorm: [
    { title: 'of vectors', input: [6], layers: [{ type: 'batchNorm' }] },
    {
      title: 'of images',
      input: [3, 4, 5],
      layers: [{ type: 'batchNorm', momentum: 0.3, epsilon: 1e-2 }],
    },
    {
      title: 'of a narrow convolution',
      input: [1, 5, 6],
      layers: [{ type: 'conv2d', filters: 12, kernel: 2, bias: false }, { type: 'batchNorm' }],
    },
    { title: 'of sequences', input: [3, 4], layers: [{ type: 'batchNorm' }] },
  ],
  layerNorm: [{ title: 'of images', input: [2, 3, 4], layers: [{ type: 'layerNorm' }] }],
  instanceNorm: [{ title: 'of images', input: [2, 3, 4], layers: [{ type: 'instanceNorm' }] }],
  groupNorm: [
    { title: 'of images', input: [4, 3, 2], layers: [{ type: 'groupNorm', groups: 2 }] },
    { title: 'of vectors', input: [6], layers: [{ type: 'groupNorm', groups: 2 }] },
  ],
  pixelNorm: [{ title: 'of images', input: [3, 2, 2], layers: [{ type: 'pixelNorm' }] }],
  minibatchStd: [
    { title: 'in two groups', input: [2, 3, 4], layers: [{ type: 'minibatchStd', group: 3 }] },
  ],
  dropout: [{ title: 'of images', input: [2, 3, 4], layers: [{ type: 'dropout', rate: 0.3 }] }],
  relu: [{ title: '', input: [8], layers: [{ type: 'relu' }] }],
  leakyRelu: [
    { title: '', input: [8], layers: [{ type: 'leakyRelu', slope: 0.2 }] },
    {
      title: 'at 0, where its slope is the lower one',
      input: [8],
      // A ReLU's zeros: half of what the second layer sees.
      layers: [{ type: 'relu' }, { type: 'leakyRelu', slope: 0.2 }],
    },
  ],
  prelu: [{ title: 'of images', input: [3, 2, 2], layers: [{ type: 'prelu' }] }],
  selu: [{ title: '', input: [8], layers: [{ type: 'selu' }] }],
  tanh: [{ title: '', input: [8], layers: [{ type: 'tanh' }] }],
  sigmoid: [{ title: '', input: [8], layers: [{ type: 'sigmoid' }] }],
  avgPool2d: [
    { kernel: 2 },
    { kernel: 3, stride: 1 },
    { kernel: 2, stride: 3 },
    { kernel: [1, 2], stride: [2, 1] },
  ].map((options) => ({
    title: JSON.stringify(options),
    input: [2, 5, 7],
    layers: [{ type: 'avgPool2d', ...options }] as Layers,
  })),
  globalAvgPool2d: [{ title: '', input: [4, 3, 2], layers: [{ type: 'globalAvgPool2d' }] }],
  globalSumPool2d: [{ title: '', input: [4, 3, 2], layers: [{ type: 'globalSumPool2d' }] }],
  globalMaxPool2d: [{ title: '', input: [4, 3, 2], layers: [{ type: 'globalMaxPool2d' }] }],
  pixelShuffle: [{ title: '', input: [8, 2, 3], layers: [{ type: 'pixelShuffle' }] }],
  upsample2d: [{ scale: 2 }, { scale: 3 }, { scale: 2, mode: 'bilinear' } as const].map(
    (options) => ({
      title: JSON.stringify(options),
      input: [2, 3, 4],
      layers: [{ type: 'upsample2d', ...options }],
    }),
  ),
  reshape: [
    {
      title: 'of images to images',
      input: [2, 3, 4],
      layers: [
        { type: 'reshape', shape: [3, 4, 2] },
        { type: 'conv2d', filters: 2, kernel: 2 },
      ],
    },
    {
      title: 'of images to sequences',
      input: [2, 3, 4],
      layers: [{ type: 'reshape', shape: [4, 6] }, { type: 'batchNorm' }],
    },
  ],
  flatten: [{ title: 'of images', input: [3, 2, 4], layers: [{ type: 'flatten' }] }],
  add: [
    {
      title: 'of three, one of them twice',
      input: [2, 4, 4],
      layers: [
        { type: 'conv2d', filters: 2, kernel: 3, pad: 1, name: 'a' },
        { type: 'tanh', name: 'b' },
        { type: 'add', from: ['a', 'b', 'a'] },
      ],
    },
  ],
  dot: [
    {
      title: 'of vectors',
      input: [4],
      layers: [
        { type: 'dense', units: 4, name: 'a' },
        { type: 'tanh', name: 'b' },
        { type: 'dot', from: ['a', 'b'] },
      ],
    },
  ],
  concat: [
    {
      title: 'of images',
      input: [2, 4, 4],
      layers: [
        { type: 'conv2d', filters: 3, kernel: 3, pad: 1, name: 'a' },
        { type: 'tanh', name: 'b' },
        { type: 'concat', from: ['b', 'a'] },
      ],
    },
    {
      title: 'of vectors',
      input: [4],
      layers: [
        { type: 'dense', units: 3, name: 'a' },
        { type: 'concat', from: ['a', 'a'] },
      ],
    },
  ],
};

function convolution(type: 'conv2d' | 'convTranspose2d', options: object): Case {
  return {
    title: JSON.stringify(options),
    input: [2, 5, 6],
    layers: [{ type, filters: 3, ...options }] as Layers,
  };
}
