/** What the page of bench/web has for who drives it. */
import type { Preset } from './presets.ts';

/** What trains in it. */
export type Library = 'ganport' | 'tfjs' | 'jax-js';

export interface BenchPage {
  /** @returns what trains, and its version */
  create(library: Library, preset: Preset, batch: number): Promise<string>;
  /** @returns milliseconds that the steps took, and the last losses */
  run(steps: number): Promise<{ ms: number; dLoss: number; gLoss: number }>;
}
