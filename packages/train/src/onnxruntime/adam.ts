/** Adam (Kingma & Ba 2015, algorithm 1), with PyTorch's placing of epsilon. */
import type { Network } from '@ganport/model';
import { gradients, ops as op, scalar, type Value } from '@ganport/onnx';
import type { AdamOptions } from '../engine.ts';

interface AdamContext extends AdamOptions {
  /** The state by name: weights, `adam_m.` and `adam_v.` moments. */
  now: ReadonlyMap<string, Value>;
  /** The state after the step, to be written to. */
  next: Map<string, Value>;
  /** 1 / (1 − β₁ᵗ) and 1 / (1 − β₂ᵗ), [2]: see `corrections`. */
  corrections: Value;
}

/** Bias corrections of step t ≥ 1, in double precision: 1 / (1 − β₁ᵗ) and 1 / (1 − β₂ᵗ). */
export function corrections(step: number, { beta1, beta2 }: AdamOptions): Float32Array {
  return Float32Array.of(1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step));
}

/**
 * One update of a network's trained weights down the gradient of `objective`.
 * @param prefix of the network's tensors in the state
 * @returns the new weights by parameter name
 */
export function adam(
  prefix: string,
  network: Network,
  objective: Value,
  { now, next, corrections, learningRate, beta1, beta2, epsilon }: AdamContext,
): Record<string, Value> {
  const names = network.parameters.filter((p) => p.trained).map((p) => p.name);
  const weights = names.map((name) => now.get(`${prefix}.${name}`)!);
  const [c1, c2] = op.Split(corrections, [1, 1], 0).map((c) => op.Reshape(c, []));
  // w − rate · c₁m / (√(c₂v) + ε) with the constants gathered in the divisor: a pass less.
  const rate = op.Mul(c1!, scalar(learningRate));
  const [slope, offset] = [op.Div(op.Sqrt(c2!), rate), op.Div(scalar(epsilon), rate)];
  // Gradients s of the objective times √(1 − β₂), so that s² needs no factor: another less.
  const root = Math.sqrt(1 - beta2);
  const updated: Record<string, Value> = {};
  gradients(op.Mul(objective, scalar(root)), weights).forEach((s, i) => {
    const [m, v] = ['adam_m', 'adam_v'].map((moment) => `${moment}.${prefix}.${names[i]}`);
    const mNext = op.Add(
      op.Mul(now.get(m!)!, scalar(beta1)),
      op.Mul(s, scalar((1 - beta1) / root)),
    );
    const vNext = op.Add(op.Mul(now.get(v!)!, scalar(beta2)), op.Mul(s, s));
    const divisor = op.Add(op.Mul(op.Sqrt(vNext), slope), offset);
    const weight = op.Sub(weights[i]!, op.Div(mNext, divisor));
    next.set(m!, mNext).set(v!, vNext).set(`${prefix}.${names[i]}`, weight);
    updated[names[i]!] = weight;
  });
  return updated;
}
