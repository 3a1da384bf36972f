import {
  Cast,
  Clip,
  Div,
  Greater,
  HardSigmoid,
  Mul,
  Neg,
  Sigmoid,
  Sign,
  Sub,
  Where,
} from '../ops/index.ts';
import { scalar, type Value } from '../value.ts';
import { type Rule, rule } from './rule.ts';

/** The rule of y = f(x), from dy, x and y. */
const unary = (derive: (dy: Value, x: Value, y: Value) => Value): Rule =>
  rule(([x], dy, y) => [() => derive(dy, x!, y)]);

/** So large a slope makes a step of a ramp: finite for y up to 1e8, wrong only below 1e-30. */
const STEEP = 1e30;

/**
 * `low` where y ≤ 0, else 1: without derivative but at 0. A steep ramp, cut off, takes half the time of
 * Sign, and of Greater and Where, on onnxruntime's CPU provider; as HardSigmoid it is one pass.
 */
function step(y: Value, low: number): Value {
  return low === 0 ? HardSigmoid(y, STEEP, 0) : Clip(Mul(y, scalar(STEEP)), low, 1);
}

/** 1 where low < x < high, else 0. */
function between(x: Value, low: Value, high: Value): Value {
  return Mul(Cast(Greater(x, low), 'float32'), Cast(Greater(high, x), 'float32'));
}

export const elementwiseRules: Readonly<Record<string, Rule | 'flat'>> = {
  // Constant almost everywhere, or meant to be taken so: nothing flows back.
  Cast: 'flat',
  Equal: 'flat',
  Greater: 'flat',
  Sign: 'flat',
  StopGradient: 'flat',

  Abs: unary((dy, x) => Mul(dy, Sign(x))),
  Exp: unary((dy, _x, y) => Mul(dy, y)),
  Identity: unary((dy) => dy),
  Log: unary((dy, x) => Div(dy, x)),
  Neg: unary((dy) => Neg(dy)),
  Relu: unary((dy, _x, y) => Mul(dy, step(y, 0))),
  Sigmoid: unary((dy, _x, y) => Mul(dy, Mul(y, Sub(scalar(1), y)))),
  Softplus: unary((dy, x) => Mul(dy, Sigmoid(x))),
  Sqrt: unary((dy, _x, y) => Mul(dy, Div(scalar(0.5), y))),
  Tanh: unary((dy, _x, y) => Mul(dy, Sub(scalar(1), Mul(y, y)))),

  LeakyRelu: rule((_inputs, dy, y, { alpha }) => [
    // y has x's sign, so its slope is 1 or alpha; at 0 it is alpha, as PyTorch has it.
    () => Mul(dy, step(y, (alpha as { float: number }).float)),
  ]),
  HardSigmoid: rule((_inputs, dy, y, { alpha }) => [
    // Masked first: times the slope of a step, 1e30, dy might not be finite.
    () =>
      Mul(Mul(dy, between(y, scalar(0), scalar(1))), scalar((alpha as { float: number }).float)),
  ]),
  Clip: rule(([x, min, max], dy) => [() => Mul(dy, between(x!, min!, max!))]),

  Add: rule((_inputs, dy) => [() => dy, () => dy]),
  Sub: rule((_inputs, dy) => [() => dy, () => Neg(dy)]),
  Mul: rule(([a, b], dy) => [() => Mul(dy, b!), () => Mul(dy, a!)]),
  Div: rule(([_a, b], dy, y) => [() => Div(dy, b!), () => Neg(Mul(dy, Div(y, b!)))]),
  Where: rule(([condition], dy) => [
    undefined,
    () => Where(condition!, dy, scalar(0)),
    () => Where(condition!, scalar(0), dy),
  ]),
};
