/** What a training step is, whatever runs it: a graph, the state it goes on from, and what it is fed. */
import type { Init } from '@ganport/model';
import type { TypedArray, Value } from '@ganport/onnx';

/** A float32 tensor that goes from step to step. */
export interface StateEntry {
  name: string;
  shape: readonly number[];
  /** What it is before the first step: drawn for its name, or a copy of another entry. */
  init: Init | { type: 'copy'; of: string };
  /** The graph's input, and its value after the step. */
  now: Value;
  next: Value;
}

/** What is given to each step anew. */
export interface Feed {
  name: string;
  /** The graph's input. */
  value: Value;
  /** Its numbers at a step, counted from 1: a function of the step and the run's seed alone. */
  fill(step: number): TypedArray | Promise<TypedArray>;
}

export interface Recipe {
  state: readonly StateEntry[];
  feeds: readonly Feed[];
  /** Scalars to watch, by name. */
  metrics: Readonly<Record<string, Value>>;
  /** What the state draws: images [N, C, H, W] in −1…1 from latents z [N, latent] and, of classes, labels int64 [N]. */
  sampler: { z: Value; label?: Value | undefined; image: Value };
}
