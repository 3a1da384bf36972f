/** What each library is given to train, in a worker of a page. */
import type { Gan } from '../src/presets.ts';

/** The published settings, PyTorch's defaults. */
export const ADAM = { rate: 3e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
export const LATENT = 100;
export const LEAK = 0.2;

export interface StepsOptions {
  gan: Gan;
  batch: number;
  /** So many numbers, uniform in ±bound: the same ones in each library. */
  random(count: number, bound: number): Float32Array<ArrayBuffer>;
}

export interface GanSteps {
  description: string;
  /** One update of the discriminator, and one of the generator, done when it resolves. */
  step(): Promise<{ dLoss: number; gLoss: number }>;
}
