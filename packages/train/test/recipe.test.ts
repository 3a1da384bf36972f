/** The adversarial recipe's updates. Its gradients: recipe-gradients.slow.test.ts. */
import { latentBatch, STREAM } from '@ganport/model';
import { sizeOf } from '@ganport/onnx';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEngine, feedsAt, initialState, type State } from '../src/index.ts';
import { expectApart, filled } from './apart.ts';
import { recipeOf } from './recipes.ts';
import { BATCH, CRITIC, ganOf, IMAGE, LATENT, type Layers, strongState } from './small-gan.ts';
import { openForTest } from './steps.ts';

describe('three updates of the discriminator in a step', () => {
  const adam = { learningRate: 0.01, beta1: 0.5, beta2: 0.9, epsilon: 1e-8 };
  const settings = {
    batch: BATCH,
    adam,
    loss: 'wasserstein',
    penalties: { gradient: 10 },
  } as const;
  const three = recipeOf(ganOf(), { ...settings, discriminatorSteps: 3 });
  const rates = (update: number) => [0.01, 1 / (1 - 0.5 ** update), 1 / (1 - 0.9 ** update)];

  test('are three steps in which the generator rests until the last', async () => {
    const one = recipeOf(ganOf(), settings);
    const [threeSteps, oneStep] = [await openForTest(three), await openForTest(one)];
    let state: Record<string, readonly number[] | Float32Array> = strongState(three);
    let expected = state;
    for (const step of [1, 2]) {
      const feeds = await feedsAt(three, step);
      const part = (name: string, turn: number) => {
        const all = feeds[name]!;
        return all.slice((turn * all.length) / 3, ((turn + 1) * all.length) / 3);
      };
      let metrics = {};
      for (const turn of [0, 1, 2]) {
        const before = expected;
        const next = await oneStep.run(expected, {
          images: part('images', turn),
          'discriminator.z': part('discriminator.z', turn),
          'discriminator.rates': rates(3 * (step - 1) + turn + 1),
          'discriminator.0.gradient.share': feeds[`discriminator.${turn}.gradient.share`]!,
          'generator.z': feeds['generator.z']!,
          'generator.rates': rates(step),
        });
        ({ state: expected, metrics } = next);
        if (turn === 2) continue;
        const resting = Object.keys(before).filter((name) => /^(adam_..)?generator\./.test(name));
        expected = { ...expected, ...pick(before, resting) };
      }
      const got = await threeSteps.run(state, feeds);
      state = got.state;
      for (const [name, values] of Object.entries({ ...state, ...boxed(got.metrics) })) {
        const wanted = { ...expected, ...boxed(metrics) }[name]!;
        values.forEach((value: number, i: number) => {
          expect(value, `${name}[${i}] after step ${step}`).toBeCloseTo(wanted[i]!, 5);
        });
      }
    }
  });

  test('see other images, other latents and other noise each, and so does the next step', async () => {
    const steps = [await feedsAt(three, 1), await feedsAt(three, 2)];
    const rows = (name: string, width: number) =>
      steps.flatMap((feeds) =>
        Array.from({ length: feeds[name]!.length / width }, (_, i) =>
          feeds[name]!.slice(i * width, (i + 1) * width),
        ),
      );
    const images = rows('images', sizeOf(IMAGE));
    expect(images).toHaveLength(2 * 3 * BATCH);
    expectApart(images);
    expectApart([0, 1, 2].flatMap((turn) => rows(`discriminator.${turn}.gradient.share`, BATCH)));
    // The stream's latents follow each other: three batches, the generator's, and on.
    const latents = steps.flatMap((feeds) => [
      ...feeds['discriminator.z']!,
      ...feeds['generator.z']!,
    ]);
    expect(latents).toEqual([
      ...latentBatch(1, 0, 2 * 4 * BATCH, LATENT, { stream: STREAM.training }),
    ]);
  });
});

test('a gradient is shortened to the norm that is set, a shorter one left as it is', async () => {
  const moments = async (gradientNorm?: number) => {
    const recipe = recipeOf(ganOf(), { batch: BATCH, ...(gradientNorm && { gradientNorm }) });
    const step = await openForTest(recipe);
    const { state } = await step.run(strongState(recipe), await feedsAt(recipe, 1));
    return Object.entries(state).filter(([name]) => name.startsWith('adam_m.discriminator.'));
  };
  // A half of the gradient, with beta1 0.5.
  const length = (all: [string, number[]][]) => 2 * Math.hypot(...all.flatMap(([, m]) => m));
  const free = await moments();
  const norm = length(free) / 4;
  const short = await moments(norm);
  expect(length(short) / norm).toBeCloseTo(1, 5);
  for (const [i, [name, m]] of short.entries()) {
    m.forEach((x, j) => {
      expect(x, name).toBeCloseTo(free[i]![1][j]! / 4, 6);
    });
  }
  expect(length(await moments(norm * 8)) / length(free)).toBeCloseTo(1, 6);
});

test('with every option on, two steps and two more are four, byte for byte', async () => {
  const recipe = recipeOf(ganOf(), {
    ...{ batch: BATCH, loss: 'wasserstein', discriminatorSteps: 2, discriminatorRate: 4 },
    penalties: { gradient: 1, r1: { from: 1, to: 0, steps: 3, shape: 'cosine' }, r2: 1 },
    augment: ['brightness', 'saturation', 'contrast', 'translation', 'cutout'],
    augmentProbability: { from: 0.2, to: 0.9, steps: 3, shape: 'linear' },
    ...{ clip: 0.5, gradientNorm: 0.1, ema: 0.9, emaWarmup: true },
    adam: {
      ...{ learningRate: 1e-3, beta1: 0.5, epsilon: 1e-8 },
      beta2: { from: 0.9, to: 0.99, steps: 3, shape: 'cosine' },
    },
    schedule: { type: 'linear', steps: 4, end: 0.1 },
  });
  const take = async (state: State, steps: readonly number[]) => {
    const options = { engine: 'onnxruntime', device: 'cpu', threads: 1 } as const;
    const engine = await createEngine(recipe, state, options);
    onTestFinished(() => engine.close());
    for (const step of steps) await engine.step(await feedsAt(recipe, step));
    return engine.state();
  };
  const initial = initialState(recipe, 3);
  const whole = await take(initial, [1, 2, 3, 4]);
  expect(await take(await take(initial, [1, 2]), [3, 4])).toEqual(whole);
  expect(whole['ema.generator.0.weight']).not.toEqual(initial['ema.generator.0.weight']);
});

test('the average of weights forgets the first ones sooner with a warm-up', async () => {
  const recipe = recipeOf(ganOf(), { batch: BATCH, ema: 0.7, emaWarmup: true });
  const step = await openForTest(recipe);
  let state: Record<string, readonly number[] | Float32Array> = strongState(recipe);
  const name = 'generator.0.weight';
  let expected = [...state[`ema.${name}`]!];
  // (1 + t) / (10 + t) reaches 0.7 at step 20.
  for (const [t, decay] of [2 / 11, 3 / 12, 4 / 13].entries()) {
    ({ state } = await step.run(state, await feedsAt(recipe, t + 1)));
    expected = expected.map((x, i) => decay * x + (1 - decay) * state[name]![i]!);
    expect(state[`ema.${name}`]).toEqual(expected.map((x) => expect.closeTo(x, 6)));
  }
  const decayAt = async (t: number) => 1 - Number((await feedsAt(recipe, t))['ema.share']![0]);
  expect([await decayAt(19), await decayAt(20), await decayAt(10_000)]).toEqual(
    [20 / 29, 0.7, 0.7].map((x) => expect.closeTo(x, 6)),
  );
});

test('the discriminator learns at its own multiple of the rate', async () => {
  const recipe = recipeOf(ganOf(), { batch: 1, discriminatorSteps: 2, discriminatorRate: 4 });
  const feeds = await feedsAt(recipe, 1);
  expect(feeds['generator.rates']![0]).toBeCloseTo(1e-3, 9);
  expect(feeds['discriminator.rates']![0]).toBeCloseTo(4e-3, 9);
  expect(feeds['discriminator.rates']![3]).toBeCloseTo(4e-3, 9);
});

test('clipping keeps every weight of the discriminator within, and no other', async () => {
  const recipe = recipeOf(ganOf(), {
    batch: BATCH,
    loss: 'wgan',
    clip: 0.125,
    discriminatorSteps: 2,
  });
  const step = await openForTest(recipe);
  const { state } = await step.run(strongState(recipe), await feedsAt(recipe, 1));
  const greatest = (player: string) =>
    Object.entries(state)
      .filter(([name]) => name.startsWith(`${player}.`))
      .map(([, values]) => Math.max(...values.map(Math.abs)));
  expect(Math.max(...greatest('discriminator'))).toBe(0.125);
  expect(Math.max(...greatest('generator'))).toBeGreaterThan(0.5);
});

test('a batch that the discriminator mixes is judged without the other', async () => {
  const layers: Layers = [...CRITIC.slice(0, 1), { type: 'batchNorm' }, ...CRITIC.slice(1)];
  const recipe = recipeOf(ganOf(layers), { batch: BATCH });
  const step = await openForTest(recipe);
  const [state, feeds] = [strongState(recipe), await feedsAt(recipe, 1)];
  const { metrics } = await step.run(state, feeds);
  const z = filled(feeds['discriminator.z']!, 1);
  const other = (await step.run(state, { ...feeds, 'discriminator.z': z })).metrics;
  expect(other.dFake).not.toBe(metrics.dFake);
  expect(other.dReal).toBe(metrics.dReal);
});

const pick = <T>(from: Record<string, T>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, from[name]!]));

const boxed = (metrics: Record<string, number>) =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, [value]]));
