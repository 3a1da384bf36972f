/** The rule of batch normalisation (Ioffe & Szegedy 2015, section 3), in both its modes. */
import { Add, Div, Mul, Neg, Reshape, Sqrt, Sub, sumPerChannel } from '../ops/index.ts';
import { knownShape, type Node, scalar, type Value } from '../value.ts';
import type { Rule, Thunk } from './rule.ts';
import { zerosLike } from './shape.ts';

/** A per-channel vector [C] laid out to broadcast against an image of x's rank. */
function channels(v: Value, x: Value): Value {
  return Reshape(
    v,
    x.shape.map((_, axis) => (axis === 1 ? v.shape[0]! : 1)),
  );
}

/** 1 / √(variance + epsilon), [C]. */
function inverseDeviation(variance: Value, { attributes }: Node): Value {
  const { float } = attributes.epsilon as { float: number };
  return Div(scalar(1), Sqrt(Add(variance, scalar(float))));
}

export const batchNormRules: Readonly<Record<string, Rule>> = {
  BatchNormalization: (node, dys) =>
    node.attributes.training_mode === 1 ? training(node, dys) : inference(node, dys[0]!),
};

function inference(node: Node, dy: Value): Thunk[] {
  const [x, scale, , mean, variance] = node.inputs as Value[];
  const inverse = inverseDeviation(variance!, node);
  const slope = Mul(scale!, inverse);
  const dScale = Mul(sumPerChannel(Mul(dy, Sub(x!, channels(mean!, x!)))), inverse);
  return [
    () => Mul(dy, channels(slope, x!)),
    () => dScale,
    () => sumPerChannel(dy),
    () => Neg(Mul(sumPerChannel(dy), slope)),
    () => Mul(Mul(dScale, scale!), Mul(Mul(inverse, inverse), scalar(-0.5))),
  ];
}

/**
 * With m elements a channel, s = 1 / √(variance + epsilon), c = x − mean:
 * dx = scale · s · (dy − Σdy / m − c · s² · Σ(dy · c) / m) + dmean / m + 2 c · dvariance / m.
 * Written as dx = dy · a + c · b + d, with a, b and d per channel: few passes over the image.
 */
function training(node: Node, dys: readonly (Value | undefined)[]): Thunk[] {
  const [x, scale] = node.inputs as Value[];
  const [y, mean, variance] = node.outputs;
  const [dy = zerosLike(y!), dMean, dVariance] = dys;
  const size = knownShape(x!.shape, 'the gradient of BatchNormalization');
  const count = size.reduce((a, b) => a * b, 1) / size[1]!;
  const perElement = scalar(1 / count);
  const inverse = inverseDeviation(variance!, node);
  const centred = Sub(x!, channels(mean!, x!));
  const dyCentred = sumPerChannel(Mul(dy, centred));
  const dBias = sumPerChannel(dy);
  return [
    () => {
      const a = Mul(scale!, inverse);
      let b = Neg(Mul(Mul(a, Mul(inverse, inverse)), Mul(dyCentred, perElement)));
      let d = Neg(Mul(a, Mul(dBias, perElement)));
      if (dVariance) b = Add(b, Mul(dVariance, scalar(2 / count)));
      if (dMean) d = Add(d, Mul(dMean, perElement));
      const [scaled, turned] = [Mul(dy, channels(a, x!)), Mul(centred, channels(b, x!))];
      return Add(Add(scaled, turned), channels(d, x!));
    },
    () => Mul(dyCentred, inverse),
    () => dBias,
  ];
}
