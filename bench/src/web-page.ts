/** What the pages of bench/web have for who drives them. */
import type { Preset } from './presets.ts';

/** What trains in it. */
export type Library = 'ganport' | 'tfjs' | 'jax-js';

export interface BenchPage {
  /** @returns what trains, and its version */
  create(library: Library, preset: Preset, batch: number): Promise<string>;
  /** @returns milliseconds that the steps took, and the last losses */
  run(steps: number): Promise<{ ms: number; dLoss: number; gLoss: number }>;
}

/** What the pages of bench/web/drawing have. */
export interface DrawingPage {
  /** @returns milliseconds from the navigation to the first picture, and what drew it */
  first(): Promise<{ ms: number; description: string }>;
  /** @returns levels of pictures of latents [count, size] */
  of(latents: readonly number[], count: number): Promise<number[]>;
  /** @returns milliseconds that so many pictures took, in requests for some at a time */
  run(pictures: number, request: number): Promise<number>;
}
