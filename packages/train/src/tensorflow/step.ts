/**
 * One training step in TensorFlow.js: the procedure of ../onnxruntime/step.ts, against which it is
 * tested. The discriminator's update on real and generated images, then the generator's against the
 * new discriminator, both by Adam.
 */
import type { Network } from '@ganport/model';
import * as tf from '@tensorflow/tfjs';
import type { StepInput, StepOptions } from '../engine.ts';
import type { Gan } from '../gan.ts';
import { adam } from './adam.ts';
import { type BatchStatistics, forward, type Weights } from './layers.ts';
import { LOSSES } from './losses.ts';

/** The state by name, kernels as `fromKernel` lays them out. */
export type Tensors = Record<string, tf.Tensor>;

export interface Stepped {
  /** The whole state after the step, in tensors of its own. */
  state: Tensors;
  /** [4]: loss of the discriminator and of the generator, mean D(real) and D(fake). */
  metrics: tf.Tensor;
}

/** One step, from the state to the state after it. The caller disposes both. */
export function trainingStep(
  gan: Gan,
  now: Tensors,
  input: StepInput,
  options: StepOptions,
): Stepped {
  /** What a loss's differentiation would dispose of with the rest of the pass, but is needed after it. */
  const kept: tf.Tensor[] = [];
  const keep = <T extends tf.Tensor>(x: T): T => {
    kept.push(tf.keep(x));
    return x;
  };
  try {
    return tf.tidy(() => stepWithin(gan, now, input, options, keep));
  } finally {
    tf.dispose(kept);
  }
}

function stepWithin(
  { generator, discriminator }: Gan,
  now: Tensors,
  { step, images, zDiscriminator, zGenerator }: StepInput,
  { batch, loss, ema, adam }: StepOptions,
  keep: <T extends tf.Tensor>(x: T) => T,
): { state: Tensors; metrics: tf.Tensor } {
  const criterion = LOSSES[loss];
  const next = { ...now };
  const update = { now, next, step, adam };
  const gWeights = weightsOf('generator', generator, now);
  const dWeights = weightsOf('discriminator', discriminator, now);
  const latents = (z: Float32Array) => tf.tensor(z, [batch, ...generator.inputs.z!], 'float32');

  const passes = { generator: [] as BatchStatistics[], discriminator: [] as BatchStatistics[] };
  /** A pass in training mode: its statistics are folded into the running ones after both updates. */
  const pass = (which: keyof Gan, x: tf.Tensor, weights: Weights) =>
    forward({ generator, discriminator }[which], x, weights, (statistics) => {
      keep(statistics.mean);
      keep(statistics.variance);
      passes[which].push(statistics);
    });

  // The discriminator's step, on real images and on images drawn for it.
  const real = scaleImages(images, batch, discriminator);
  const drawn = pass('generator', latents(zDiscriminator), gWeights);
  const logits: { real: tf.Tensor; fake: tf.Tensor }[] = [];
  const dStep = descend('discriminator', discriminator, update, (trained) => {
    const judge = (x: tf.Tensor) => pass('discriminator', x, { ...dWeights, ...trained });
    // As one batch only without batch statistics, which must not mix the two.
    const [onReal, onFake] = discriminator.mixesBatch
      ? [judge(real), judge(drawn)]
      : tf.split(judge(tf.concat([real, drawn])), 2);
    logits.push({ real: keep(onReal!), fake: keep(onFake!) });
    return criterion.discriminator(onReal!, onFake!);
  });

  // The generator's step, from other latents, against the discriminator just updated.
  const z = latents(zGenerator);
  const judged = { ...dWeights, ...dStep.weights };
  const gStep = descend('generator', generator, update, (trained) => {
    const redrawn = pass('generator', z, { ...gWeights, ...trained });
    return criterion.generator(pass('discriminator', redrawn, judged));
  });

  for (const [prefix, statistics] of Object.entries(passes)) {
    foldStatistics(prefix, statistics, next);
  }
  if (ema > 0) {
    for (const [name, weight] of Object.entries(gStep.weights)) {
      const average = `ema.generator.${name}`;
      next[average] = blend(now[average]!, weight, ema);
    }
  }
  const probability = (x: tf.Tensor) => tf.mean(tf.sigmoid(x));
  const [seen] = logits;
  return {
    state: next,
    metrics: tf.stack([dStep.loss, gStep.loss, probability(seen!.real), probability(seen!.fake)]),
  };
}

interface Update {
  now: Tensors;
  /** Written to: the new weights and moments. */
  next: Tensors;
  step: number;
  adam: StepOptions['adam'];
}

/** One update of a network's trained weights down the gradient of `objective`. */
function descend(
  prefix: string,
  { parameters }: Network,
  { now, next, step, adam: options }: Update,
  objective: (trained: Weights) => tf.Scalar,
): { loss: tf.Tensor; weights: Weights } {
  const names = parameters.filter((p) => p.trained).map((p) => p.name);
  const weights = names.map((name) => now[`${prefix}.${name}`]!);
  const trained = Object.fromEntries(names.map((name, i) => [name, weights[i]!]));
  // Unlike tf.grads it gives null, and does not throw, where a layer leads nowhere.
  const { value: loss, grads } = tf
    .engine()
    .gradients(() => objective(trained), weights, undefined, true);
  const updated: Tensors = {};
  names.forEach((name, i) => {
    const keys = {
      weight: `${prefix}.${name}`,
      m: `adam_m.${prefix}.${name}`,
      v: `adam_v.${prefix}.${name}`,
    };
    const old = { weight: weights[i]!, m: now[keys.m]!, v: now[keys.v]! };
    const fresh = adam(old, grads[i] ?? tf.zerosLike(weights[i]!), step, options);
    next[keys.weight] = fresh.weight;
    next[keys.m] = fresh.m;
    next[keys.v] = fresh.v;
    updated[name] = fresh.weight;
  });
  return { loss, weights: updated };
}

/** Bytes [N, H, W, C] to numbers in −1…1. */
function scaleImages(bytes: Uint8Array, batch: number, { inputs }: Network): tf.Tensor {
  const [channels, height, width] = inputs.image as [number, number, number];
  const levels = tf.tensor(Float32Array.from(bytes), [batch, height, width, channels]);
  return tf.sub(tf.mul(levels, 2 / 255), 1);
}

/** Folds the statistics of these passes into a network's running ones, one after the other. */
function foldStatistics(prefix: string, passes: readonly BatchStatistics[], next: Tensors): void {
  for (const { layer, mean, variance, count } of passes) {
    const { momentum } = layer.options as { momentum: number };
    const fold = (name: string, batch: tf.Tensor) => {
      const key = `${prefix}.${layer.name}.${name}`;
      next[key] = blend(next[key]!, batch, 1 - momentum);
    };
    fold('running_mean', mean);
    // The batch's variance is the population's; the running one is of a sample.
    fold('running_var', tf.mul(variance, count / (count - 1)));
  }
}

/** keep · old + (1 − keep) · fresh. */
function blend(old: tf.Tensor, fresh: tf.Tensor, keep: number): tf.Tensor {
  return tf.add(tf.mul(old, keep), tf.mul(fresh, 1 - keep));
}

function weightsOf(prefix: string, { parameters }: Network, now: Tensors): Weights {
  return Object.fromEntries(parameters.map(({ name }) => [name, now[`${prefix}.${name}`]!]));
}
