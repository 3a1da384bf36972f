/** What trains: a seam with one implementation per library. Engines run recipes and know no GAN. */
import type { TypedArray } from '@ganport/onnx';

/** Tensors of the state by name, float32. */
export type State = Record<string, Float32Array>;

/** A recipe's metrics by name. */
export type Metrics = Record<string, number>;

export interface Engine {
  /** What runs, and on what: "onnxruntime 1.30.0 on the CPU, threads: 2". */
  readonly description: string;
  /**
   * One step.
   * @param feeds the recipe's, by name
   * @param signal ends the step under way, where the engine can: it rejects, and the state stays
   */
  step(feeds: Readonly<Record<string, TypedArray>>, signal?: AbortSignal): Promise<Metrics>;
  /** Images [count, C, H, W] in −1…1 that the state draws from z [count, latent] and, of classes, labels [count]. */
  sample(z: Float32Array, count: number, labels?: BigInt64Array): Promise<Float32Array>;
  /** The state as it stands after the last step, in memory of its own. */
  state(): Promise<State>;
  close(): Promise<void>;
}
