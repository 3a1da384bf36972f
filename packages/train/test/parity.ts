/** Both engines from the same state on the same batches, and how far apart they come to be. */
import { expect } from 'vitest';
import {
  createEngine,
  type EngineName,
  feedsAt,
  type Gan,
  type GanSettings,
  initialState,
  type LossName,
  type Metrics,
  type Penalties,
  type State,
  type TensorFlowBackend,
} from '../src/index.ts';
import { recipeOf } from './recipes.ts';

/**
 * Adam divides a gradient by its own size, so where a gradient is nearly zero, rounding decides
 * whether a weight moves by +rate or −rate. An epsilon of the size of the gradients takes that away:
 * a gradient's error e then moves a weight by rate · e / epsilon at most, here by e. The formulas are
 * the same for every epsilon.
 */
export const ADAM = { learningRate: 1e-3, beta1: 0.5, beta2: 0.99, epsilon: 1e-3 };

export interface ParityOptions {
  batch: number;
  /** After which steps to compare, in order. */
  compareAfter: readonly number[];
  loss?: LossName;
  penalties?: Penalties;
  ema?: number;
  settings?: Partial<GanSettings>;
  learningRate?: number;
  /** Of the tensorflow engine; the best that is there by default. */
  backends?: readonly TensorFlowBackend[];
}

export interface Difference {
  step: number;
  /** Greatest difference of a metric. */
  metrics: number;
  /** Greatest difference of a state tensor's element, in parts of the tensor's greatest change. */
  state: number;
  /** The tensor that has it. */
  where: string;
  /** Root mean square of the differences of all weights and statistics, in parts of that of their changes. */
  weights: number;
}

/** Trains on both engines, and compares. Gives the differences, and what the tensorflow engine is. */
export async function differences(
  gan: Gan,
  {
    batch,
    compareAfter,
    loss = 'bce',
    penalties = {},
    ema = 0.9,
    settings,
    learningRate = ADAM.learningRate,
    ...rest
  }: ParityOptions,
): Promise<{ differences: Difference[]; description: string }> {
  const recipe = recipeOf(gan, {
    batch,
    loss,
    penalties,
    ema,
    adam: { ...ADAM, learningRate },
    ...settings,
  });
  const initial = initialState(recipe, 3);
  // At first a discriminator gives all images one half. Then what a bias gains from real images it
  // loses to generated ones, and the gradient left is rounding. So it starts in their favour.
  const lastBias = gan.discriminator.parameters.at(-1)!.name;
  initial[`discriminator.${lastBias}`]!.fill(1);
  const create = (engine: EngineName) =>
    createEngine(recipe, initial, { ...rest, engine, device: 'cpu', threads: 1 });
  const [ours, theirs] = [await create('onnxruntime'), await create('tensorflow')];
  const found: Difference[] = [];
  try {
    for (let step = 1; step <= compareAfter.at(-1)!; step++) {
      const feeds = await feedsAt(recipe, step);
      const [a, b] = [await ours.step(feeds), await theirs.step(feeds)];
      if (!compareAfter.includes(step)) continue;
      const apart = compareStates(initial, await ours.state(), await theirs.state());
      found.push({ step, metrics: compareMetrics(a, b), ...apart });
    }
  } finally {
    await ours.close();
    await theirs.close();
  }
  return { differences: found, description: theirs.description };
}

function compareMetrics(a: Metrics, b: Metrics): number {
  return Math.max(...Object.keys(a).map((name) => Math.abs(a[name]! - b[name]!)));
}

/**
 * Gradients less than this part of their network's greatest are rounding and little else, as where
 * batch normalisation takes out again what a bias adds. Such a weight's differences, and those of its
 * moments, are measured by the greatest change among the network's weights, or moments.
 */
const NEGLIGIBLE = 1e-4;

/**
 * Two units in a float32's last place, which are not counted: a weight is rounded to 24 bits each
 * step, and a step is small beside it.
 */
const ROUNDING = 2 ** -22;

/**
 * The greatest difference of an element, in parts of its tensor's greatest change since `initial`.
 * Adam's first moment starts at zero and is (1 − β₁) times the gradient after one step, so this is
 * then the gradients' relative difference.
 */
export function compareStates(
  initial: State,
  a: State,
  b: State,
): Omit<Difference, 'step' | 'metrics'> {
  expect(Object.keys(b).sort()).toEqual(Object.keys(a).sort());
  const change = (name: string) => greatest(a[name]!, initial[name]!);
  const likes = new Map<string, number>();
  for (const name of Object.keys(a)) {
    likes.set(likeOf(name), Math.max(likes.get(likeOf(name)) ?? 0, change(name)));
  }
  const scaleOf = (name: string) => {
    const moment = `adam_m.${name.replace(/^(adam_[mv]|ema)\./, '')}`;
    const trained = moment in a;
    const negligible = trained && change(moment) < NEGLIGIBLE * likes.get(likeOf(moment))!;
    return negligible ? likes.get(likeOf(name))! : change(name);
  };
  let [state, where] = [0, ''];
  for (const name of Object.keys(a)) {
    const apart = greatest(a[name]!, b[name]!);
    // Where nothing changed, nothing may differ.
    const relative = apart === 0 ? 0 : apart / scaleOf(name);
    if (!(relative <= state)) [state, where] = [relative, name];
  }
  const weights = Object.keys(a).filter((name) => !/^(adam_|ema\.)/.test(name));
  const distance = (other: State) =>
    Math.hypot(...weights.map((name) => euclidean(a[name]!, other[name]!)));
  return { state, where, weights: distance(b) / distance(initial) };
}

/** "adam_v.generator" of "adam_v.generator.3.weight", "generator running_mean" of "generator.1.running_mean". */
function likeOf(name: string): string {
  const [first, second] = name.split('.');
  if (first === 'adam_m' || first === 'adam_v' || first === 'ema') return `${first}.${second}`;
  return `${first} ${name.match(/running_\w+$/)?.[0] ?? 'weights'}`;
}

function euclidean(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0));
}

function greatest(a: Float32Array, b: Float32Array): number {
  expect(b.length).toBe(a.length);
  let worst = 0;
  a.forEach((value, i) => {
    const apart = Math.abs(value - b[i]!) - ROUNDING * Math.abs(value);
    // NaN is the worst, and stays it.
    if (!(apart <= worst)) worst = apart;
  });
  return worst;
}
