/**
 * The two published GANs that every contender trains, as plain layer lists: written here once more,
 * apart from ganport's own presets, so that a contender cannot get another network unnoticed
 * (`parameterCount` is compared in the tests).
 */

/** Sizes are per sample; images are square and `size` is the height and width of the input. */
export type Layer =
  | { readonly type: 'dense'; readonly from: number; readonly to: number }
  | {
      readonly type: 'conv';
      readonly from: number;
      readonly to: number;
      readonly kernel: number;
      readonly stride: number;
      /** Zeros on each side. */
      readonly pad: number;
      readonly size: number;
    }
  | { readonly type: 'batchNorm'; readonly channels: number }
  | { readonly type: 'avgPool' | 'flatten' | 'relu' | 'leakyRelu' | 'tanh' }
  | { readonly type: 'view'; readonly channels: number; readonly size: number };

export interface Gan {
  readonly generator: readonly Layer[];
  readonly discriminator: readonly Layer[];
  /** Shape of a sample that the discriminator takes: a vector, or [height, width, channels]. */
  readonly sample: readonly number[];
}

const LATENT = 100;

const dense = (from: number, to: number): Layer => ({ type: 'dense', from, to });
const conv = (
  [from, to]: readonly [number, number],
  kernel: number,
  pad: number,
  size: number,
  stride = 1,
): Layer => ({ type: 'conv', from, to, kernel, stride, pad, size });

const relu: Layer = { type: 'relu' };
const leaky: Layer = { type: 'leakyRelu' };
const tanh: Layer = { type: 'tanh' };
const pool: Layer = { type: 'avgPool' };
const norm = (channels: number): Layer => ({ type: 'batchNorm', channels });

export const PRESETS = {
  mlp: {
    generator: [dense(LATENT, 256), relu, dense(256, 256), relu, dense(256, 784), tanh],
    discriminator: [dense(784, 256), leaky, dense(256, 256), leaky, dense(256, 1)],
    sample: [784],
  },
  conv: {
    generator: [
      dense(LATENT, 3136),
      { type: 'view', channels: 1, size: 56 },
      norm(1),
      relu,
      conv([1, 50], 3, 1, 56),
      norm(50),
      relu,
      conv([50, 25], 3, 1, 56),
      norm(25),
      relu,
      conv([25, 1], 2, 0, 56, 2),
      tanh,
    ],
    discriminator: [
      conv([1, 32], 5, 2, 28),
      leaky,
      pool,
      conv([32, 64], 5, 2, 14),
      leaky,
      pool,
      { type: 'flatten' },
      dense(3136, 1024),
      leaky,
      dense(1024, 1),
    ],
    sample: [28, 28, 1],
  },
} satisfies Record<string, Gan>;

export type Preset = keyof typeof PRESETS;

export function parameterCount(layers: readonly Layer[]): number {
  let count = 0;
  for (const layer of layers) {
    if (layer.type === 'dense') count += (layer.from + 1) * layer.to;
    if (layer.type === 'conv') count += (layer.from * layer.kernel ** 2 + 1) * layer.to;
    if (layer.type === 'batchNorm') count += 2 * layer.channels;
  }
  return count;
}
