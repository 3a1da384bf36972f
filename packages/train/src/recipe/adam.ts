/** Adam (Kingma & Ba 2015, algorithm 1), with PyTorch's placing of epsilon. */
import { gradients, ops as op, scalar, type Value } from '@ganport/onnx';

export interface AdamOptions {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** What is kept of each weight beside it: the first and second moment of its gradients, zeros at first. */
export const ADAM_SLOTS = ['adam_m', 'adam_v'] as const;

/** Numbers that an update is fed: the learning rate, 1 / (1 − β₁ᵗ) and 1 / (1 − β₂ᵗ). */
export const ADAM_RATES = 3;

/** Steps divide by the rate: where a schedule ends at 0, this stands for it, and moves no weight. */
const LEAST_RATE = 1e-30;

/** Those of update t ≥ 1, worked out in double precision. */
export function adamRates(
  update: number,
  learningRate: number,
  { beta1, beta2 }: AdamOptions,
): [rate: number, correction1: number, correction2: number] {
  return [Math.max(learningRate, LEAST_RATE), 1 / (1 - beta1 ** update), 1 / (1 - beta2 ** update)];
}

export interface AdamWeight {
  weight: Value;
  m: Value;
  v: Value;
}

/**
 * One update of weights down the gradient of a scalar.
 * @param rates [3], see `adamRates`
 * @param gradientNorm gradients that are longer, all together, are shortened to it (Pascanu et al. 2013)
 */
export function adam(
  objective: Value,
  now: readonly AdamWeight[],
  rates: Value,
  { beta1, beta2, epsilon }: AdamOptions,
  gradientNorm?: number,
): AdamWeight[] {
  const [learningRate, c1, c2] = op.Split(rates, [1, 1, 1], 0).map((rate) => op.Reshape(rate, []));
  // w − rate · c₁m / (√(c₂v) + ε) with the constants gathered in the divisor: a pass less.
  const rate = op.Mul(c1!, learningRate!);
  const [slope, offset] = [op.Div(op.Sqrt(c2!), rate), op.Div(scalar(epsilon), rate)];
  // Gradients s of the objective times √(1 − β₂), so that s² needs no factor: another less.
  const root = Math.sqrt(1 - beta2);
  const found = gradients(
    op.Mul(objective, scalar(root)),
    now.map(({ weight }) => weight),
  );
  const scaled = gradientNorm === undefined ? found : shortened(found, gradientNorm * root);
  return now.map(({ weight, m, v }, i) => {
    const s = scaled[i]!;
    const mNext = op.Add(op.Mul(m, scalar(beta1)), op.Mul(s, scalar((1 - beta1) / root)));
    const vNext = op.Add(op.Mul(v, scalar(beta2)), op.Mul(s, s));
    const divisor = op.Add(op.Mul(op.Sqrt(vNext), slope), offset);
    return { weight: op.Sub(weight, op.Div(mNext, divisor)), m: mNext, v: vNext };
  });
}

/** With a length of all together of at most `most`; a shorter one stays. */
function shortened(gradients: readonly Value[], most: number): Value[] {
  const squares = gradients.map((each) => op.ReduceSum(op.Mul(each, each)));
  const length = op.Sqrt(op.Add(squares.reduce(op.Add), scalar(1e-24)));
  const factor = op.Sub(scalar(1), op.Relu(op.Sub(scalar(1), op.Div(scalar(most), length))));
  return gradients.map((each) => op.Mul(each, factor));
}
