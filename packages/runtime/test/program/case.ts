import type { Program, ProgramOptions } from '../../src/program.ts';

export type Open = (model: Uint8Array, options?: ProgramOptions) => Promise<Program>;

/** In what implementations may differ. */
export interface Traits {
  /** State stays on the device; otherwise each run takes it there and back, which is counted. */
  stateStays: boolean;
  /** A run under way ends early when it is cancelled; otherwise its result is dropped. */
  cancels: boolean;
  /** Matrix products of [256, 256] that take about a second; where runs cannot be cancelled, a tenth or less. */
  slowProducts: number;
}

/** One thing that every implementation of `Program` does. */
export interface ProgramCase {
  name: string;
  /** Rejects where it does not hold. What is opened here is closed by whoever gave `open`. */
  run(subject: { open: Open; traits: Traits }): Promise<void>;
}
