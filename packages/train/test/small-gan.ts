/** A GAN of a few weights, smooth enough for finite differences. */
import { type NetworkSpec, resolveNetwork } from '@ganport/model';
import { sizeOf } from '@ganport/onnx';
import type { Gan, Recipe } from '../src/index.ts';
import { numbers } from './graphs.ts';

export type Layers = NetworkSpec['layers'];

export const BATCH = 2;
export const IMAGE = [1, 3, 3];
export const LATENT = 3;

/** A convolution, a ReLU with a slope, and a tanh: without the last, second derivatives would be zeros. */
export const CRITIC: Layers = [
  { type: 'conv2d', filters: 2, kernel: 2 },
  { type: 'leakyRelu', slope: 0.2 },
  { type: 'flatten' },
  { type: 'dense', units: 3 },
  { type: 'tanh' },
  { type: 'dense', units: 1 },
];

export function ganOf(critic: Layers = CRITIC, image: readonly number[] = IMAGE): Gan {
  return {
    generator: resolveNetwork(
      {
        inputs: { z: [LATENT] },
        layers: [
          { type: 'dense', units: sizeOf(image) },
          { type: 'tanh' },
          { type: 'reshape', shape: [...image] },
        ],
      },
      'generator',
    ),
    discriminator: resolveNetwork(
      { inputs: { image: [...image] }, layers: critic },
      'discriminator',
    ),
  };
}

const isWeight = (name: string) => /^(generator|discriminator)\./.test(name);

/** Weights of such a size that slopes and their penalties are far from 0; no moments yet. */
export function strongState({ state }: Recipe, seed = 0): Record<string, Float32Array> {
  return Object.fromEntries(
    state.map(({ name, shape }, salt) => {
      const data = new Float32Array(sizeOf(shape));
      if (isWeight(name)) data.set(numbers(data.length, salt + seed));
      return [name, data];
    }),
  );
}
