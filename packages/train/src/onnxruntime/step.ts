/**
 * Training steps as one ONNX graph. A step is the discriminator's update on real and generated
 * images, then the generator's update against the new discriminator, both by Adam. State goes in by
 * name and comes out by the same names; images go in as bytes.
 */
import { type Lowered, lowerNetwork, type Network } from '@ganport/model';
import { buildModel, encodeModel, input, ops as op, scalar, type Value } from '@ganport/onnx';
import type { StepOptions } from '../engine.ts';
import { type Gan, stateTensors } from '../gan.ts';
import { adam } from './adam.ts';
import { LOSSES } from './losses.ts';

/** Names of the graph's inputs beside the state, each followed by the step's position, counted from 0. */
export const STEP = {
  images: 'images_',
  discriminatorLatents: 'z_discriminator_',
  generatorLatents: 'z_generator_',
  /** 1 / (1 − β₁ᵗ) and 1 / (1 − β₂ᵗ) of Adam at step t, counted from 1. */
  corrections: 'corrections_',
} as const;

/** The output [steps, 4]: loss of the discriminator and of the generator, mean D(real) and D(fake). */
export const METRICS = 'metrics';

/** Suffix of a state tensor's name as an output of the graph. */
export const NEXT = '_next';

export type Weights = Readonly<Record<string, Value>>;

const TRAINING = { training: true } as const;

export interface BuildStepOptions extends StepOptions {
  /** Steps in the graph, one after the other; 1 by default. */
  steps?: number;
}

/** Builds train_step.onnx for a fixed batch and number of steps. */
export function buildStep(gan: Gan, { steps = 1, ...options }: BuildStepOptions): Uint8Array {
  const state = stateTensors(gan, options.ema).map(
    ({ name, shape }) => [name, input(name, 'float32', shape)] as const,
  );
  const given: StepInputs[] = Array.from({ length: steps }, (_, i) => stepInputs(gan, options, i));
  let now: StateValues = new Map(state);
  const metrics: Value[] = [];
  for (const inputs of given) {
    const after = trainingStep(gan, now, inputs, options);
    now = after.state;
    metrics.push(
      op.Reshape(
        op.Concat(
          after.metrics.map((m) => op.Reshape(m, [1])),
          0,
        ),
        [1, 4],
      ),
    );
  }
  return encodeModel(
    buildModel({
      name: 'train_step',
      inputs: [...state.map(([, value]) => value), ...given.flatMap((each) => Object.values(each))],
      outputs: {
        ...Object.fromEntries([...now].map(([name, value]) => [name + NEXT, value])),
        [METRICS]: steps === 1 ? metrics[0]! : op.Concat(metrics, 0),
      },
    }),
  );
}

/** The whole state by name: weights, statistics, moments, moving average. */
export type StateValues = ReadonlyMap<string, Value>;

interface StepInputs {
  /** uint8 [N, H, W, C]. */
  images: Value;
  /** [N, latent] each. */
  zDiscriminator: Value;
  zGenerator: Value;
  /** [2], see `STEP.corrections`. */
  corrections: Value;
}

function stepInputs(
  { generator, discriminator }: Gan,
  { batch }: StepOptions,
  position: number,
): StepInputs {
  const [channels, height, width] = discriminator.inputs.image as [number, number, number];
  const latent = [batch, ...generator.inputs.z!];
  return {
    images: input(`${STEP.images}${position}`, 'uint8', [batch, height, width, channels]),
    zDiscriminator: input(`${STEP.discriminatorLatents}${position}`, 'float32', latent),
    zGenerator: input(`${STEP.generatorLatents}${position}`, 'float32', latent),
    corrections: input(`${STEP.corrections}${position}`, 'float32', [2]),
  };
}

/** One step: from the state to the state after it, and four scalars (see METRICS). */
function trainingStep(
  { generator, discriminator }: Gan,
  now: StateValues,
  { images, zDiscriminator, zGenerator, corrections }: StepInputs,
  options: StepOptions,
): { state: StateValues; metrics: Value[] } {
  const { loss, ema } = options;
  const criterion = LOSSES[loss];
  const next = new Map(now);
  const gWeights = weightsOf('generator', generator, now);
  const dWeights = weightsOf('discriminator', discriminator, now);
  const context = { now, next, corrections, ...options.adam };

  // The discriminator's step, on real images and on images drawn for it.
  const real = scaleImages(images, discriminator.inputs.image!);
  const drawn = lowerNetwork(generator, { z: zDiscriminator }, gWeights, TRAINING);
  const fake = op.stopGradient(drawn.outputs.output!);
  const [onReal, onFake] = judge(discriminator, real, fake, dWeights);
  const dLoss = criterion.discriminator(onReal.outputs.output!, onFake.outputs.output!);
  const dNext = adam('discriminator', discriminator, dLoss, context);

  // The generator's step, from other latents, against the discriminator just updated and held. Every
  // pass counts towards the running statistics, one after the other.
  const redrawn = lowerNetwork(
    generator,
    { z: zGenerator },
    { ...gWeights, ...drawn.updates },
    TRAINING,
  );
  const judged = lowerNetwork(
    discriminator,
    { image: redrawn.outputs.output! },
    { ...dWeights, ...onFake.updates, ...frozen(dNext) },
    TRAINING,
  );
  const gLoss = criterion.generator(judged.outputs.output!);
  const gNext = adam('generator', generator, gLoss, context);

  for (const [prefix, { updates }] of Object.entries({
    generator: redrawn,
    discriminator: judged,
  })) {
    for (const [name, value] of Object.entries(updates)) next.set(`${prefix}.${name}`, value);
  }
  if (ema > 0) {
    for (const [name, weight] of Object.entries(gNext)) {
      const average = `ema.generator.${name}`;
      next.set(average, blend(now.get(average)!, weight, ema));
    }
  }
  const [dReal, dFake] = [onReal, onFake].map(({ outputs }) => op.mean(op.Sigmoid(outputs.output)));
  return { state: next, metrics: [dLoss, gLoss, dReal!, dFake!] };
}

/** Weights that no gradient reaches. */
function frozen(weights: Weights): Weights {
  return Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => [name, op.stopGradient(weight)]),
  );
}

/** Bytes [N, H, W, C] to numbers in −1…1, [N, C, H, W]. */
function scaleImages(bytes: Value, image: readonly number[]): Value {
  const shape = [bytes.shape[0]!, ...image];
  // In their final shape: onnxruntime's arithmetic crawls where the last dimension is 1.
  const levels = op.Cast(bytes, 'float32');
  const planes = shape[1] === 1 ? op.Reshape(levels, shape) : op.Transpose(levels, [0, 3, 1, 2]);
  return op.Sub(op.Mul(planes, scalar(2 / 255)), scalar(1));
}

/** The discriminator on real images, and then on generated ones. */
function judge(
  network: Network,
  real: Value,
  fake: Value,
  weights: Weights,
): [onReal: Lowered, onFake: Lowered] {
  if (network.mixesBatch) {
    const onReal = lowerNetwork(network, { image: real }, weights, TRAINING);
    const after = { ...weights, ...onReal.updates };
    return [onReal, lowerNetwork(network, { image: fake }, after, TRAINING)];
  }
  // One batch of both is the same function, and faster.
  const image = op.Concat([real, fake], 0);
  const { outputs, updates } = lowerNetwork(network, { image }, weights, TRAINING);
  const sizes = [real, fake].map(({ shape }) => shape[0] as number);
  const [onReal, onFake] = op.Split(outputs.output, sizes, 0);
  return [
    { outputs: { output: onReal! }, updates },
    { outputs: { output: onFake! }, updates },
  ];
}

/** keep · old + (1 − keep) · fresh. */
function blend(old: Value, fresh: Value, keep: number): Value {
  return op.Add(op.Mul(old, scalar(keep)), op.Mul(fresh, scalar(1 - keep)));
}

function weightsOf(prefix: string, { parameters }: Network, now: StateValues): Weights {
  return Object.fromEntries(parameters.map(({ name }) => [name, now.get(`${prefix}.${name}`)!]));
}
