/** A case: a training step, against the same computed in plain JavaScript. */
import { constant, float32, gradients, input, ops } from '@ganport/onnx';
import { expectThat } from './assert.ts';
import type { ProgramCase } from './case.ts';
import { modelOf } from './models.ts';

const [BATCH, WIDTH, HIDDEN, OUT] = [8, 4, 16, 2] as const;
const WEIGHTS = { w1: [WIDTH, HIDDEN], b1: [HIDDEN], w2: [HIDDEN, OUT], b2: [OUT] };
const NAMES = Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[];
const [RATE, MOMENTUM] = [0.1, 0.9];
const STEPS = 20;

/** One row-major array for each weight. */
type Weights = Record<keyof typeof WEIGHTS, number[]>;

export const trainingCases: readonly ProgramCase[] = [
  {
    name: `${STEPS} training steps with momentum as state`,
    async run({ open }) {
      const [start, moments] = [perWeight((_, i) => waves(WEIGHTS[NAMES[i]!], i)), zeros()];
      const weights = structuredClone(start);
      const program = await open(trainingStep(), {
        state: Object.fromEntries(STATE.map((name) => [name, `${name}_next`])),
      });
      const tensors = NAMES.map((name) => [name, float32(start[name], WEIGHTS[name])]);
      await program.write(Object.fromEntries(tensors));
      for (let step = 0; step < STEPS; step += 1) {
        const [x, t] = [waves([BATCH, WIDTH], step + 10), waves([BATCH, OUT], step + 40)];
        const { loss } = await program.run({
          x: float32(x, [BATCH, WIDTH]),
          t: float32(t, [BATCH, OUT]),
        });
        const expected = stepDown(weights, moments, x, t);
        expectNear(Array.from(loss!.data, Number), [expected], `the loss of step ${step}`);
      }
      const moved = furthest(weights.w1, start.w1);
      expectThat(moved > 0.01, `expected weights that move, got w1 at most ${moved} further`);
      const state = await program.read(STATE);
      for (const name of NAMES) {
        expectNear(Array.from(state[name]!.data, Number), weights[name], name);
        expectNear(Array.from(state[`m.${name}`]!.data, Number), moments[name], `m.${name}`);
      }
    },
  },
];

const STATE = NAMES.flatMap((name) => [name, `m.${name}`]);

/** mean((tanh(x · w1 + b1) · w2 + b2 − t)²) and a step down its gradient. */
function trainingStep(): Uint8Array {
  const x = input('x', 'float32', [BATCH, WIDTH]);
  const t = input('t', 'float32', [BATCH, OUT]);
  const inputs = (prefix: string) =>
    NAMES.map((name) => input(prefix + name, 'float32', WEIGHTS[name]));
  const [weights, moments] = [inputs(''), inputs('m.')];
  const [w1, b1, w2, b2] = weights;
  const hidden = ops.Tanh(ops.Add(ops.MatMul(x, w1!), b1!));
  const error = ops.Sub(ops.Add(ops.MatMul(hidden, w2!), b2!), t);
  const loss = ops.mean(ops.Mul(error, error));
  const [rate, momentum] = [RATE, MOMENTUM].map((value) => constant(float32(value)));
  const next = gradients(loss, weights).flatMap((gradient, i) => {
    const moment = ops.Add(ops.Mul(moments[i]!, momentum!), gradient);
    const weight = ops.Sub(weights[i]!, ops.Mul(moment, rate!));
    return [
      [`${NAMES[i]}_next`, weight],
      [`m.${NAMES[i]}_next`, moment],
    ] as const;
  });
  return modelOf([x, t, ...weights, ...moments], { ...Object.fromEntries(next), loss });
}

/** The same step in float64, its gradient written out by hand. Changes weights and moments. @returns the loss */
function stepDown(weights: Weights, moments: Weights, x: number[], t: number[]): number {
  const { w1, b1, w2, b2 } = weights;
  const gradient = zeros();
  let loss = 0;
  for (let n = 0; n < BATCH; n += 1) {
    const row = x.slice(n * WIDTH, (n + 1) * WIDTH);
    const hidden = b1.map((bias, h) =>
      Math.tanh(row.reduce((sum, value, i) => sum + value * w1[i * HIDDEN + h]!, bias)),
    );
    const toHidden = hidden.map(() => 0);
    b2.forEach((bias, o) => {
      const y = hidden.reduce((sum, value, h) => sum + value * w2[h * OUT + o]!, bias);
      const error = y - t[n * OUT + o]!;
      loss += error ** 2 / (BATCH * OUT);
      const slope = (2 * error) / (BATCH * OUT);
      gradient.b2[o]! += slope;
      hidden.forEach((value, h) => {
        gradient.w2[h * OUT + o]! += slope * value;
        toHidden[h]! += slope * w2[h * OUT + o]!;
      });
    });
    hidden.forEach((value, h) => {
      const slope = toHidden[h]! * (1 - value ** 2);
      gradient.b1[h]! += slope;
      row.forEach((each, i) => {
        gradient.w1[i * HIDDEN + h]! += slope * each;
      });
    });
  }
  for (const name of NAMES) {
    weights[name].forEach((_, i) => {
      moments[name][i] = MOMENTUM * moments[name][i]! + gradient[name][i]!;
      weights[name][i]! -= RATE * moments[name][i]!;
    });
  }
  return loss;
}

function perWeight(values: (name: keyof Weights, i: number) => number[]): Weights {
  return Object.fromEntries(NAMES.map((name, i) => [name, values(name, i)])) as Weights;
}

const zeros = () => perWeight((name) => waves(WEIGHTS[name], 0).fill(0));

/** Numbers between −1 and 1, as float32 has them. */
function waves(shape: readonly number[], phase: number): number[] {
  const count = shape.reduce((product, dim) => product * dim, 1);
  return Array.from({ length: count }, (_, i) => Math.fround(Math.sin(7.3 * i + 2.1 * phase) / 3));
}

/** Half of what two implementations may differ by: float32 sums in another order, over all steps. */
const NEAR = 5e-6;

function expectNear(got: readonly number[], expected: readonly number[], what: string): void {
  const difference = furthest(got, expected);
  expectThat(difference < NEAR, `${what}: expected within ${NEAR}, got ${difference} off`);
}

/** The largest difference; NaN where a number is missing. */
function furthest(got: readonly number[], expected: readonly number[]): number {
  return Math.max(...expected.map((value, i) => Math.abs(value - got[i]!)), 0 * got.length);
}
