/** What trains: a seam with one implementation per runtime. */

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

export interface Engine {
  /** Runs one step. */
  step(input: StepInput): Promise<Metrics>;
  /** Images [count, C, H, W] in −1…1 that the generator draws from z [count, latent]. */
  sample(z: Float32Array, count: number): Promise<Float32Array>;
  /** The state as it stands after the last step: a view that the next step changes. */
  readonly state: State;
  close(): Promise<void>;
}
