import { resolveNetwork } from '@ganport/model';
import { expect, test } from 'vitest';
import { createEngine, feedsAt, initialState, type State } from '../src/index.ts';
import { recipeOf } from './recipes.ts';

/*
 * The oracle: the published procedure in plain double-precision TypeScript, its gradients by central
 * differences. Nothing of it is shared with the graph.
 */

const BATCH = 5;
const LATENT = 2;
const PIXELS = 4;
const ADAM = { learningRate: 3e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const MOMENTUM = 0.1;
const EMA = 0.9;

const gan = {
  generator: resolveNetwork(
    {
      inputs: { z: [LATENT] },
      layers: [
        // Batch normalisation cancels a bias: its gradient would be noise, which Adam blows up.
        { type: 'dense', units: 3, bias: false },
        { type: 'batchNorm', momentum: MOMENTUM },
        { type: 'relu' },
        { type: 'dense', units: PIXELS },
        { type: 'tanh' },
        { type: 'reshape', shape: [1, 2, 2] },
      ],
    },
    'generator',
  ),
  discriminator: resolveNetwork(
    {
      inputs: { image: [1, 2, 2] },
      layers: [
        { type: 'flatten' },
        { type: 'dense', units: 3 },
        { type: 'leakyRelu', slope: 0.2 },
        { type: 'dense', units: 1 },
      ],
    },
    'discriminator',
  ),
};

type Weights = Record<string, number[]>;
type Rows = number[][];

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
const mean = (values: number[]) => sum(values) / values.length;
const softplus = (x: number) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0);

function dense(rows: Rows, weight: number[], bias: number[]): Rows {
  const inputs = rows[0]!.length;
  return rows.map((row) =>
    bias.map((b, unit) => b + sum(row.map((x, i) => x * weight[unit * inputs + i]!))),
  );
}

interface Statistics {
  mean: number[];
  variance: number[];
}

function generate(w: Weights, z: Rows, report?: (statistics: Statistics) => void): Rows {
  const hidden = dense(z, w['generator.0.weight']!, [0, 0, 0]);
  const column = (c: number) => hidden.map((row) => row[c]!);
  const means = hidden[0]!.map((_, c) => mean(column(c)));
  const variances = means.map((m, c) => mean(column(c).map((x) => (x - m) ** 2)));
  report?.({ mean: means, variance: variances });
  const normal = hidden.map((row) =>
    row.map((x, c) => {
      const y = (x - means[c]!) / Math.sqrt(variances[c]! + 1e-5);
      return Math.max(y * w['generator.1.weight']![c]! + w['generator.1.bias']![c]!, 0);
    }),
  );
  const images = dense(normal, w['generator.3.weight']!, w['generator.3.bias']!);
  return images.map((row) => row.map(Math.tanh));
}

function judge(w: Weights, images: Rows): number[] {
  const hidden = dense(images, w['discriminator.1.weight']!, w['discriminator.1.bias']!);
  const leaky = hidden.map((row) => row.map((x) => (x > 0 ? x : 0.2 * x)));
  const logits = dense(leaky, w['discriminator.3.weight']!, w['discriminator.3.bias']!);
  return logits.map(([logit]) => logit!);
}

/** −log D(real) − log(1 − D(fake)), means over the batch. */
function discriminatorLoss(w: Weights, real: Rows, fake: Rows): number {
  return mean(judge(w, real).map((x) => softplus(-x))) + mean(judge(w, fake).map(softplus));
}

function generatorLoss(w: Weights, z: Rows): number {
  return mean(judge(w, generate(w, z)).map((x) => softplus(-x)));
}

/** Adam on the weights that start with `prefix`, against central differences of `loss`. */
function descend(
  w: Weights,
  moments: Weights,
  prefix: string,
  step: number,
  loss: () => number,
): Weights {
  const updated: Weights = {};
  for (const name of trainedNames(prefix)) {
    updated[name] = w[name]!.map((weight, i) => {
      const at = (x: number) => {
        w[name]![i] = x;
        const value = loss();
        w[name]![i] = weight;
        return value;
      };
      const gradient = (at(weight + 1e-5) - at(weight - 1e-5)) / 2e-5;
      const [m, v] = [moments[`m.${name}`]!, moments[`v.${name}`]!];
      m[i] = ADAM.beta1 * m[i]! + (1 - ADAM.beta1) * gradient;
      v[i] = ADAM.beta2 * v[i]! + (1 - ADAM.beta2) * gradient ** 2;
      const mHat = m[i]! / (1 - ADAM.beta1 ** step);
      const vHat = v[i]! / (1 - ADAM.beta2 ** step);
      return weight - (ADAM.learningRate * mHat) / (Math.sqrt(vHat) + ADAM.epsilon);
    });
  }
  return updated;
}

function trainedNames(prefix: string): string[] {
  const { parameters } = gan[prefix as keyof typeof gan];
  return parameters.filter((p) => p.trained).map((p) => `${prefix}.${p.name}`);
}

function fold(w: Weights, { mean, variance }: Statistics): void {
  const [means, variances] = [w['generator.1.running_mean']!, w['generator.1.running_var']!];
  mean.forEach((m, c) => {
    means[c] = (1 - MOMENTUM) * means[c]! + MOMENTUM * m;
    const unbiased = (variance[c]! * BATCH) / (BATCH - 1);
    variances[c] = (1 - MOMENTUM) * variances[c]! + MOMENTUM * unbiased;
  });
}

interface Inputs {
  images: Uint8Array;
  zDiscriminator: Float32Array;
  zGenerator: Float32Array;
}

/** One step of the oracle, in place. */
function oracleStep(w: Weights, moments: Weights, step: number, inputs: Inputs) {
  const rows = (data: ArrayLike<number>, width: number) =>
    Array.from({ length: BATCH }, (_, n) =>
      Array.from({ length: width }, (_, i) => data[n * width + i]!),
    );
  const real = rows(inputs.images, PIXELS).map((row) => row.map((level) => level / 127.5 - 1));
  const [zD, zG] = [rows(inputs.zDiscriminator, LATENT), rows(inputs.zGenerator, LATENT)];
  const seen: Statistics[] = [];
  const fake = generate(w, zD, (s) => seen.push(s));
  const dLoss = discriminatorLoss(w, real, fake);
  const probability = (x: number) => 1 / (1 + Math.exp(-x));
  const [dReal, dFake] = [real, fake].map((images) => mean(judge(w, images).map(probability)));
  Object.assign(
    w,
    descend(w, moments, 'discriminator', step, () => discriminatorLoss(w, real, fake)),
  );
  generate(w, zG, (s) => seen.push(s));
  const gLoss = generatorLoss(w, zG);
  Object.assign(
    w,
    descend(w, moments, 'generator', step, () => generatorLoss(w, zG)),
  );
  for (const statistics of seen) fold(w, statistics);
  for (const name of trainedNames('generator')) {
    const average = w[`ema.${name}`]!;
    w[name]!.forEach((x, i) => {
      average[i] = EMA * average[i]! + (1 - EMA) * x;
    });
  }
  return { dLoss, gLoss, dReal, dFake };
}

test('four steps follow the published procedure, computed by hand with finite differences', async () => {
  const recipe = recipeOf(gan, { batch: BATCH, adam: ADAM, ema: EMA });
  const initial: State = initialState(recipe, 7);
  const engine = await createEngine(recipe, initial, {
    engine: 'onnxruntime',
    device: 'cpu',
    threads: 1,
  });
  const weights: Weights = {};
  const moments: Weights = {};
  for (const [name, data] of Object.entries(initial)) {
    if (name.startsWith('adam_')) moments[name.slice('adam_'.length)] = [...data];
    else weights[name] = [...data];
  }
  try {
    for (let step = 1; step <= 4; step++) {
      const feeds = await feedsAt(recipe, step);
      const inputs = {
        images: feeds.images as Uint8Array,
        zDiscriminator: feeds['discriminator.z'] as Float32Array,
        zGenerator: feeds['generator.z'] as Float32Array,
      };
      const got = await engine.step(feeds);
      const expected = oracleStep(weights, moments, step, inputs);
      for (const key of ['dLoss', 'gLoss', 'dReal', 'dFake'] as const) {
        expect(got[key], `${key} of step ${step}`).toBeCloseTo(expected[key]!, 5);
      }
    }
    // A step moves each weight by up to 3e-4; float32 gradients leave it within 1 % of that.
    const state = await engine.state();
    for (const [name, expected] of Object.entries(weights)) {
      state[name]!.forEach((value, i) => {
        expect(Math.abs(value - expected[i]!), `${name}[${i}]`).toBeLessThan(4 * 3e-6);
      });
    }
  } finally {
    await engine.close();
  }
});
