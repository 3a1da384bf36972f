/** What trains: a seam with one implementation per library. */
import type { Device } from '@ganport/runtime/node';
import type { LossName } from './onnxruntime/losses.ts';

/** Tensors of the state by name, float32. */
export type State = Record<string, Float32Array>;

export interface Metrics {
  /** Losses of the discriminator and the generator. */
  dLoss: number;
  gLoss: number;
  /** Mean probability the discriminator gives real and generated images of being real, 0…1. */
  dReal: number;
  dFake: number;
}

export interface StepInput {
  /** Counted from 1. */
  step: number;
  /** [N, H, W, C] in 0…255. */
  images: Uint8Array;
  /** Latents for the discriminator's and for the generator's update, [N, latent] each. */
  zDiscriminator: Float32Array;
  zGenerator: Float32Array;
}

export interface AdamOptions {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** What a training step is, whatever runs it. */
export interface StepOptions {
  batch: number;
  loss: LossName;
  adam: AdamOptions;
  /** Decay of the moving average of the generator's weights; 0 keeps none. */
  ema: number;
}

export interface EngineOptions extends StepOptions {
  device: Device;
  /** Threads within an operator, on the CPU. */
  threads: number;
  /**
   * On CUDA, multiplies with TensorFloat-32's 10-bit mantissa: faster from the Ampere GPUs on, with
   * other rounding than elsewhere. False by default.
   */
  tf32?: boolean;
}

export interface Engine {
  /** What runs, and on what: "onnxruntime-node 1.30.0 on the CPU, threads: 2". */
  readonly description: string;
  /** How many steps one `run` does best: on a GPU, the state crosses to it and back once a run. */
  readonly stepsPerRun: number;
  /** Runs steps one after the other, one at least. Gives the metrics of each. */
  run(steps: readonly StepInput[]): Promise<Metrics[]>;
  /** Images [count, C, H, W] in −1…1 that the generator draws from z [count, latent]. */
  sample(z: Float32Array, count: number): Promise<Float32Array>;
  /** The state as it stands after the last step: valid until the next. */
  state(): Promise<State>;
  close(): Promise<void>;
}
