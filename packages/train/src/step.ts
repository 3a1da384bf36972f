/**
 * One training step as one ONNX graph: the discriminator's update on real and generated images, then
 * the generator's update against the new discriminator, both by Adam. State goes in by name and
 * comes out by the same names; images go in as bytes.
 */
import { type Lowered, lowerNetwork, type Network, type Parameter } from '@ganport/model';
import { buildModel, encodeModel, input, ops as op, scalar, type Value } from '@ganport/onnx';
import { type AdamOptions, adam } from './adam.ts';
import { LOSSES, type LossName } from './losses.ts';

export interface Gan {
  generator: Network;
  discriminator: Network;
}

export interface StepOptions {
  batch: number;
  loss: LossName;
  adam: AdamOptions;
  /** Decay of the moving average of the generator's weights; 0 keeps none. */
  ema: number;
}

/** A named tensor of the state: all are float32. */
export interface StateTensor {
  name: string;
  shape: readonly number[];
}

/** Names of the step's inputs beside the state, and of its outputs. */
export const STEP = {
  images: 'images',
  discriminatorLatents: 'z_discriminator',
  generatorLatents: 'z_generator',
  /** 1 / (1 − β₁ᵗ) and 1 / (1 − β₂ᵗ) of Adam at step t, counted from 1. */
  corrections: 'corrections',
  metrics: ['d_loss', 'g_loss', 'd_real', 'd_fake'],
} as const;

/** Suffix of a state tensor's name as an output of the step. */
export const NEXT = '_next';

export type Weights = Readonly<Record<string, Value>>;

/** The state a GAN is trained with, in order: weights, statistics, Adam's moments, moving average. */
export function stateTensors({ generator, discriminator }: Gan, ema: number): StateTensor[] {
  const of = (prefix: string, parameters: readonly Parameter[]) =>
    parameters.map(({ name, shape }) => ({ name: `${prefix}.${name}`, shape }));
  const trained = ({ parameters }: Network) => parameters.filter((p) => p.trained);
  return [
    ...of('generator', generator.parameters),
    ...of('discriminator', discriminator.parameters),
    ...['adam_m', 'adam_v'].flatMap((moment) => [
      ...of(`${moment}.generator`, trained(generator)),
      ...of(`${moment}.discriminator`, trained(discriminator)),
    ]),
    ...(ema > 0 ? of('ema.generator', trained(generator)) : []),
  ];
}

/** Builds train_step.onnx for a fixed batch. */
export function buildStep(
  gan: Gan,
  { batch, loss, adam: adamOptions, ema }: StepOptions,
): Uint8Array {
  const { generator, discriminator } = gan;
  const state = stateTensors(gan, ema).map(({ name, shape }) => input(name, 'float32', shape));
  const now = new Map(state.map((value) => [nameOf(value), value]));
  const [channels, height, width] = discriminator.inputs.image as [number, number, number];
  const bytes = input(STEP.images, 'uint8', [batch, height, width, channels]);
  const latent = [batch, ...generator.inputs.z!];
  const zD = input(STEP.discriminatorLatents, 'float32', latent);
  const zG = input(STEP.generatorLatents, 'float32', latent);
  const corrections = input(STEP.corrections, 'float32', [2]);

  const gWeights = weightsOf('generator', generator, now);
  const dWeights = weightsOf('discriminator', discriminator, now);
  const criterion = LOSSES[loss];
  const next = new Map<string, Value>();
  const context = { now, next, corrections, ...adamOptions };

  // The discriminator's step, on real images and on images drawn for it.
  const real = scaleImages(bytes, [batch, channels, height, width]);
  const drawn = lowerNetwork(generator, { z: zD }, gWeights, true);
  const [onReal, onFake] = judge(discriminator, real, drawn.output, dWeights);
  const dLoss = criterion.discriminator(onReal.output, onFake.output);
  const dNext = adam('discriminator', discriminator, dLoss, context);

  // The generator's step, from other latents, against the discriminator just updated.
  const redrawn = lowerNetwork(generator, { z: zG }, gWeights, true);
  const judged = lowerNetwork(
    discriminator,
    { image: redrawn.output },
    { ...dWeights, ...dNext },
    true,
  );
  const gLoss = criterion.generator(judged.output);
  const held = Object.values(dNext);
  const gNext = adam('generator', generator, gLoss, { ...context, held });

  // Every pass counts towards the running statistics, one after the other.
  runningStatistics('generator', [drawn, redrawn], now, next);
  runningStatistics('discriminator', [onReal, onFake, judged], now, next);
  if (ema > 0) {
    for (const [name, weight] of Object.entries(gNext)) {
      const average = `ema.generator.${name}`;
      next.set(average, blend(now.get(average)!, weight, ema));
    }
  }
  const outputs = Object.fromEntries(
    state.map((v) => [nameOf(v) + NEXT, next.get(nameOf(v)) ?? v]),
  );
  return encodeModel(
    buildModel({
      name: 'train_step',
      inputs: [...state, bytes, zD, zG, corrections],
      outputs: {
        ...outputs,
        d_loss: dLoss,
        g_loss: gLoss,
        d_real: op.mean(op.Sigmoid(onReal.output)),
        d_fake: op.mean(op.Sigmoid(onFake.output)),
      },
    }),
  );
}

/** Bytes [N, H, W, C] to numbers in −1…1, [N, C, H, W]. */
function scaleImages(bytes: Value, shape: readonly number[]): Value {
  // In their final shape: onnxruntime's arithmetic crawls where the last dimension is 1.
  const levels = op.Cast(bytes, 'float32');
  const planes = shape[1] === 1 ? op.Reshape(levels, shape) : op.Transpose(levels, [0, 3, 1, 2]);
  return op.Sub(op.Mul(planes, scalar(2 / 255)), scalar(1));
}

/** The discriminator on real and on generated images. */
function judge(network: Network, real: Value, fake: Value, weights: Weights): [Lowered, Lowered] {
  if (network.parameters.some((p) => !p.trained)) {
    // Batch statistics must not mix the two.
    return [
      lowerNetwork(network, { image: real }, weights, true),
      lowerNetwork(network, { image: fake }, weights, true),
    ];
  }
  // One batch of both is the same function, and faster.
  const both = lowerNetwork(network, { image: op.Concat([real, fake], 0) }, weights, true);
  const sizes = [real, fake].map(({ shape }) => shape[0] as number);
  const [onReal, onFake] = op.Split(both.output, sizes, 0);
  return [
    { output: onReal!, statistics: [] },
    { output: onFake!, statistics: [] },
  ];
}

/** Folds the statistics of these passes into a network's running ones, as PyTorch does. */
function runningStatistics(
  prefix: string,
  passes: readonly Lowered[],
  now: ReadonlyMap<string, Value>,
  next: Map<string, Value>,
): void {
  for (const { layer, mean, variance, count } of passes.flatMap((pass) => pass.statistics)) {
    const { momentum } = layer.options as { momentum: number };
    const fold = (name: string, batch: Value) => {
      const key = `${prefix}.${layer.name}.${name}`;
      next.set(key, blend(next.get(key) ?? now.get(key)!, batch, 1 - momentum));
    };
    fold('running_mean', mean);
    // The batch's variance is the population's; the running one is of a sample.
    fold('running_var', op.Mul(variance, scalar(count / (count - 1))));
  }
}

/** keep · old + (1 − keep) · fresh. */
function blend(old: Value, fresh: Value, keep: number): Value {
  return op.Add(op.Mul(old, scalar(keep)), op.Mul(fresh, scalar(1 - keep)));
}

function weightsOf(
  prefix: string,
  { parameters }: Network,
  now: ReadonlyMap<string, Value>,
): Weights {
  return Object.fromEntries(parameters.map(({ name }) => [name, now.get(`${prefix}.${name}`)!]));
}

function nameOf(value: Value): string {
  return (value.origin as { input: string }).input;
}
