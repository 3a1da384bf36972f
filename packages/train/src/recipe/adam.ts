/** Adam (Kingma & Ba 2015, algorithm 1), with PyTorch's placing of epsilon. */
import { gradients, ops as op, scalar, type Value } from '@ganport/onnx';
import { type Scheduled, valueAt } from './schedules.ts';

export interface AdamOptions {
  learningRate: number;
  beta1: number;
  beta2: Scheduled;
  epsilon: number;
}

/** What is kept of each weight beside it: the first and second moment of its gradients, zeros at first. */
export const ADAM_SLOTS = ['adam_m', 'adam_v'] as const;

/** How many numbers an update is fed, see `adamRates`. */
export function countAdamRates({ beta2 }: Pick<AdamOptions, 'beta2'>): number {
  return typeof beta2 === 'number' ? 3 : 4;
}

/** Steps divide by the rate: where a schedule ends at 0, this stands for it, and moves no weight. */
const LEAST_RATE = 1e-30;

/**
 * Those of update t ≥ 1, worked out in double precision: the learning rate, 1 / (1 − β₁ᵗ) and 1 / (1 − β₂ᵗ); 1 − β₂
 * follows where it is scheduled. As in PyTorch, the correction is as if β₂ had always been what it now is.
 * @param step at which β₂ is taken
 */
export function adamRates(
  update: number,
  learningRate: number,
  { beta1, beta2 }: Pick<AdamOptions, 'beta1' | 'beta2'>,
  step = update,
): number[] {
  const now = valueAt(beta2, step);
  const corrections = [1 / (1 - beta1 ** update), 1 / (1 - now ** update)];
  const fed = typeof beta2 === 'number' ? [] : [1 - now];
  return [Math.max(learningRate, LEAST_RATE), ...corrections, ...fed];
}

export interface AdamWeight {
  weight: Value;
  m: Value;
  v: Value;
}

/**
 * One update of weights down the gradient of a scalar.
 * @param rates [3] or, of a scheduled β₂, [4]: see `adamRates`
 * @param gradientNorm gradients that are longer, all together, are shortened to it (Pascanu et al. 2013)
 */
export function adam(
  objective: Value,
  now: readonly AdamWeight[],
  rates: Value,
  { beta1, beta2, epsilon }: AdamOptions,
  gradientNorm?: number,
): AdamWeight[] {
  const fed = Array.from({ length: countAdamRates({ beta2 }) }, () => 1);
  const [learningRate, c1, c2, fresh] = op.Split(rates, fed, 0).map((rate) => op.Reshape(rate, []));
  // w − rate · c₁m / (√(c₂v) + ε) with the constants gathered in the divisor: a pass less.
  const rate = op.Mul(c1!, learningRate!);
  const [slope, offset] = [op.Div(op.Sqrt(c2!), rate), op.Div(scalar(epsilon), rate)];
  const { keep, root, share, longest } = fresh
    ? scheduledFactors(fresh, beta1, gradientNorm)
    : constantFactors(beta2 as number, beta1, gradientNorm);
  const found = gradients(
    op.Mul(objective, root),
    now.map(({ weight }) => weight),
  );
  const scaled = longest ? shortened(found, longest) : found;
  return now.map(({ weight, m, v }, i) => {
    const s = scaled[i]!;
    const mNext = op.Add(op.Mul(m, scalar(beta1)), op.Mul(s, share));
    const vNext = op.Add(op.Mul(v, keep), op.Mul(s, s));
    const divisor = op.Add(op.Mul(op.Sqrt(vNext), slope), offset);
    return { weight: op.Sub(weight, op.Div(mNext, divisor)), m: mNext, v: vNext };
  });
}

/** Scalars. Gradients s are of the objective times √(1 − β₂), so that s² needs no factor: a pass less. */
interface Factors {
  /** β₂. */
  keep: Value;
  /** √(1 − β₂). */
  root: Value;
  /** What s counts for in m: (1 − β₁) / √(1 − β₂). */
  share: Value;
  /** Of s. */
  longest: Value | undefined;
}

function constantFactors(beta2: number, beta1: number, gradientNorm?: number): Factors {
  const root = Math.sqrt(1 - beta2);
  return {
    keep: scalar(beta2),
    root: scalar(root),
    share: scalar((1 - beta1) / root),
    longest: gradientNorm === undefined ? undefined : scalar(gradientNorm * root),
  };
}

/** @param fresh 1 − β₂: made of β₂, it would have only a few digits where β₂ is near 1 */
function scheduledFactors(fresh: Value, beta1: number, gradientNorm?: number): Factors {
  const root = op.Sqrt(fresh);
  return {
    keep: op.Sub(scalar(1), fresh),
    root,
    share: op.Div(scalar(1 - beta1), root),
    longest: gradientNorm === undefined ? undefined : op.Mul(root, scalar(gradientNorm)),
  };
}

/** With a length of all together of at most `most`; a shorter one stays. */
function shortened(gradients: readonly Value[], most: Value): Value[] {
  const squares = gradients.map((each) => op.ReduceSum(op.Mul(each, each)));
  const length = op.Sqrt(op.Add(squares.reduce(op.Add), scalar(1e-24)));
  const factor = op.Sub(scalar(1), op.Relu(op.Sub(scalar(1), op.Div(most, length))));
  return gradients.map((each) => op.Mul(each, factor));
}
