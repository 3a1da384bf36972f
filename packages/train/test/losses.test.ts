import { gradients, input } from '@ganport/onnx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOSSES, type LossName } from '../src/index.ts';
import type { Loss } from '../src/recipe/losses.ts';
import { type Graph, numbers, openGraph } from './graphs.ts';

const BATCH = 8;
/** Logits on both sides of 0, of 1 and of −1, where losses have their corners. */
const REAL = numbers(BATCH, 1).map((x) => 3 * x);
const FAKE = numbers(BATCH, 2).map((x) => 3 * x);
/** Where σ is 0 or 1 in float32. */
const FAR_REAL = [2.5, -0.5, 80, -90, 70, -70, 60, 90];
const FAR_FAKE = [-1.5, 0.25, 90, -80, 75, 60, -65, -100];

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
/** log σ(x), by its series where σ(x) rounds to 0. */
const logSigmoid = (x: number) => (x < -30 ? x : Math.log(sigmoid(x)));

/** To be minimised, from the outputs on one real and one generated image each, as published. */
type Formula = (real: number, fake: number) => number;

/** log D and log(1 − D) with D = σ of a logit. */
const logD = logSigmoid;
const log1D = (x: number) => logSigmoid(-x);

const FORMULAS: Record<LossName, { discriminator: Formula; generator: Formula }> = {
  bce: {
    discriminator: (real, fake) => -logD(real) - log1D(fake),
    generator: (_, fake) => -logD(fake),
  },
  minimax: {
    discriminator: (real, fake) => -logD(real) - log1D(fake),
    generator: (_, fake) => log1D(fake),
  },
  lsgan: {
    discriminator: (real, fake) => ((real - 1) ** 2 + fake ** 2) / 2,
    generator: (_, fake) => (fake - 1) ** 2 / 2,
  },
  hinge: {
    discriminator: (real, fake) => -Math.min(0, real - 1) - Math.min(0, -fake - 1),
    generator: (_, fake) => -fake,
  },
  wgan: {
    discriminator: (real, fake) => fake - real,
    generator: (_, fake) => -fake,
  },
  wasserstein: {
    discriminator: (real, fake) => fake - real,
    generator: (_, fake) => -fake,
  },
  relativistic: {
    discriminator: (real, fake) => -logD(real - fake),
    generator: (real, fake) => -logD(fake - real),
  },
};

describe.each(Object.keys(LOSSES) as LossName[])('%s', (name) => {
  const loss: Loss = LOSSES[name];
  const formula = FORMULAS[name];
  let graph: Graph;

  beforeAll(async () => {
    const [real, fake] = ['real', 'fake'].map((side) => input(side, 'float32', [BATCH, 1]));
    const d = loss.discriminator(real!, fake!);
    const g = loss.generator(fake!, () => real!);
    const [dReal, dFake] = gradients(d, [real!, fake!]);
    const [gFake] = gradients(g, [fake!]);
    const outputs = { d, g, dReal: dReal!, dFake: dFake!, gFake: gFake! };
    graph = await openGraph({ real: real!, fake: fake! }, outputs);
  });

  afterAll(() => graph.close());

  test('is the mean of the published formula', async () => {
    const { d, g } = await graph.run({ real: REAL, fake: FAKE });
    const expected = (f: Formula) => mean(REAL.map((real, i) => f(real, FAKE[i]!)));
    expect(d![0]).toBeCloseTo(expected(formula.discriminator), 5);
    expect(g![0]).toBeCloseTo(expected(formula.generator), 5);
  });

  test('has the gradients of the formula', async () => {
    const { dReal, dFake, gFake } = await graph.run({ real: REAL, fake: FAKE });
    // In double precision, of one image's share of the mean.
    const e = 1e-5;
    const byReal = (f: Formula) =>
      REAL.map((x, i) => (f(x + e, FAKE[i]!) - f(x - e, FAKE[i]!)) / (2 * e * BATCH));
    const byFake = (f: Formula) =>
      FAKE.map((x, i) => (f(REAL[i]!, x + e) - f(REAL[i]!, x - e)) / (2 * e * BATCH));
    expectClose(dReal!, byReal(formula.discriminator));
    expectClose(dFake!, byFake(formula.discriminator));
    expectClose(gFake!, byFake(formula.generator));
  });

  test('is right and its gradients are finite far from the boundary', async () => {
    const got = await graph.run({ real: FAR_REAL, fake: FAR_FAKE });
    const expected = (f: Formula) => mean(FAR_REAL.map((real, i) => f(real, FAR_FAKE[i]!)));
    expect(got.d![0]! / expected(formula.discriminator)).toBeCloseTo(1, 5);
    expect(got.g![0]! / expected(formula.generator)).toBeCloseTo(1, 5);
    expect(Object.values(got).flat().every(Number.isFinite)).toBe(true);
  });
});

test.each([
  ['bce', (real: number, fake: number) => -0.9 * logD(real) - 0.1 * log1D(real) - log1D(fake)],
  ['minimax', (real: number, fake: number) => -0.9 * logD(real) - 0.1 * log1D(real) - log1D(fake)],
  ['lsgan', (real: number, fake: number) => ((real - 0.9) ** 2 + fake ** 2) / 2],
] as const)('%s with a label of 0.9 is the cross-entropy or square with it', async (name, f) => {
  const [real, fake] = ['real', 'fake'].map((side) => input(side, 'float32', [BATCH, 1]));
  const d = LOSSES[name].discriminator(real!, fake!, 0.9);
  const graph = await openGraph({ real: real!, fake: fake! }, { d });
  const got = await graph.run({ real: REAL, fake: FAKE }).finally(() => graph.close());
  expect(got.d![0]).toBeCloseTo(mean(REAL.map((x, i) => f(x, FAKE[i]!))), 5);
});

function expectClose(got: number[], expected: number[]): void {
  expect(got).toHaveLength(expected.length);
  got.forEach((value, i) => {
    expect(value, `element ${i}`).toBeCloseTo(expected[i]!, 6);
  });
}
