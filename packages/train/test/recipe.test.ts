/** The adversarial recipe: its updates, and what it is fed. Its gradients: recipe-gradients.slow.test.ts. */
import { latentBatch, STREAM } from '@ganport/model';
import { input, sizeOf, type TypedArray } from '@ganport/onnx';
import { afterEach, describe, expect, test } from 'vitest';
import { createEngine, feedsAt, initialState, type Recipe, type State } from '../src/index.ts';
import {
  AUGMENTATIONS,
  type Augmentation,
  type AugmentationName,
} from '../src/recipe/augmentations.ts';
import { blankState } from '../src/recipe/blank.ts';
import { rateFactor, type Schedule } from '../src/recipe/schedules.ts';
import { initialStateWithPauses } from '../src/recipe/state.ts';
import { numbers, openGraph } from './graphs.ts';
import { type RecipeSettings, recipeOf } from './recipes.ts';
import { BATCH, CRITIC, ganOf, IMAGE, LATENT, type Layers, strongState } from './small-gan.ts';
import { openStep, type Step } from './steps.ts';

const ALL = { gradient: 1, r1: 1, r2: 1 };

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const step of opened.splice(0)) await step.close();
});

/** A step that is closed after the test. */
async function open(recipe: Recipe): Promise<Step> {
  const step = await openStep(recipe);
  opened.push(step);
  return step;
}

describe('brightness', () => {
  test('adds to each image its number less a half', async () => {
    const images = input('images', 'float32', [2, 1, 1, 2]);
    const shift = input('shift', 'float32', [2, 1, 1, 1]);
    const seen = AUGMENTATIONS.brightness(images, (name, shape, distribution) => {
      expect([name, shape, distribution]).toEqual(['brightness', [2, 1, 1, 1], 'uniform']);
      return shift;
    });
    const graph = await openGraph({ images, shift }, { seen });
    opened.push(graph);
    const { seen: got } = await graph.run({ images: [-1, 0.5, 0, 1], shift: [0.75, 0.125] });
    expect(got).toEqual([-0.75, 0.75, -0.375, 0.625]);
  });

  test('is before real and generated images alike, other in each pass', async () => {
    const settings = { batch: BATCH, penalties: ALL } as const;
    const plain = recipeOf(ganOf(), settings);
    const augmented = recipeOf(ganOf(), { ...settings, augment: ['brightness'] });
    const shifts = augmented.feeds.filter(({ name }) => name.endsWith('brightness'));
    // Points between, real ones, generated ones; then the generator's.
    expect(shifts).toHaveLength(4);
    const feeds = await feedsAt(augmented, 1);
    expectApart(shifts.map(({ name }) => feeds[name]!));
    const [before, after] = [await open(plain), await open(augmented)];
    const state = strongState(plain);
    const none = shifts.map(({ name }) => [name, filled(feeds[name]!, 0.5)] as const);
    const unchanged = { ...feeds, ...Object.fromEntries(none) };
    const expected = await before.run(state, feeds);
    expect((await after.run(state, unchanged)).metrics).toEqual(expected.metrics);
    for (const { name } of shifts) {
      const { metrics } = await after.run(state, { ...unchanged, [name]: feeds[name]! });
      expect(metrics, name).not.toEqual(expected.metrics);
    }
  });
});

describe('an augmentation of an image', () => {
  /** A picture of 1 to 16 of 4 × 4, or of three such channels. */
  const see = async (name: AugmentationName, channels: number, numbers: Record<string, number>) => {
    const images = input('images', 'float32', [1, channels, 4, 4]);
    const asked: Record<string, ReturnType<typeof input>> = {};
    const augment: Augmentation = AUGMENTATIONS[name];
    const seen = augment(images, (of, shape) => {
      asked[of] = input(of, 'float32', shape);
      return asked[of];
    });
    const graph = await openGraph({ images, ...asked }, { seen });
    opened.push(graph);
    const given = Object.fromEntries(Object.keys(asked).map((of) => [of, [numbers[of]!]]));
    const picture = Array.from({ length: channels * 16 }, (_, i) => i + 1);
    return (await graph.run({ images: picture, ...given })).seen!;
  };

  test('translation moves it by whole pixels and fills with zeros', async () => {
    // Of −1, 0 and 1: the first moves down, the last of columns to the right.
    expect(await see('translation', 1, { down: 0.1, across: 0.9 })).toEqual([
      ...[0, 0, 0, 0],
      ...[0, 1, 2, 3],
      ...[0, 5, 6, 7],
      ...[0, 9, 10, 11],
    ]);
    expect((await see('translation', 1, { down: 0.5, across: 0.5 }))[15]).toBe(16);
    expect((await see('translation', 1, { down: 0.999, across: 0.01 })).slice(0, 4)).toEqual([
      ...[6, 7, 8, 0],
    ]);
  });

  test('cutout sets a rectangle of half its sides to zeros, at the edge less', async () => {
    // Of centres 0…4, 2 cuts rows 1 and 2, 1 columns 0 and 1, and 0 what there is of rows −1 and 0.
    expect(await see('cutout', 1, { down: 0.5, across: 0.3 })).toEqual([
      ...[1, 2, 3, 4],
      ...[0, 0, 7, 8],
      ...[0, 0, 11, 12],
      ...[13, 14, 15, 16],
    ]);
    expect((await see('cutout', 1, { down: 0, across: 0.5 })).slice(0, 4)).toEqual([1, 0, 0, 4]);
    expect((await see('cutout', 1, { down: 0.3, across: 0.99 })).slice(0, 4)).toEqual([1, 2, 3, 0]);
  });

  test('saturation leaves grey, contrast the mean', async () => {
    const grey = Array.from({ length: 16 }, (_, i) => i + 17);
    expect(await see('saturation', 3, { saturation: 0 })).toEqual(
      [...grey, ...grey, ...grey].map((x) => expect.closeTo(x, 4)),
    );
    expect((await see('saturation', 3, { saturation: 1 }))[0]).toBeCloseTo(-15, 4);
    expect((await see('saturation', 1, {}))[15]).toBe(16);
    const less = await see('contrast', 1, { contrast: 0 });
    expect(less[0]).toBeCloseTo(4.75, 5);
    expect(less[15]).toBeCloseTo(12.25, 5);
  });
});

test('a scheduled setting is fed, and at its value a constant one', async () => {
  const settings: RecipeSettings = { batch: BATCH, augment: ['brightness'] };
  const from = { from: 4, to: 1, steps: 2, shape: 'linear' } as const;
  const changing = recipeOf(ganOf(), {
    ...settings,
    penalties: { r1: from },
    augmentProbability: { from: 0, to: 1, steps: 8, shape: 'cosine' },
  });
  const feeds = await feedsAt(changing, 2);
  expect([...feeds['penalties.r1']!]).toEqual([2.5]);
  expect(feeds.augmentProbability![0]).toBeCloseTo((1 - Math.cos(Math.PI / 8)) / 2, 6);
  expect([...(await feedsAt(changing, 9)).augmentProbability!]).toEqual([1]);
  const constant = recipeOf(ganOf(), { ...settings, penalties: { r1: 2.5 } });
  const never = recipeOf(ganOf(), { batch: BATCH, penalties: { r1: 2.5 } });
  const [a, b, c] = [await open(changing), await open(constant), await open(never)];
  const state = strongState(changing);
  const at = (probability: number) =>
    a.metrics(state, { ...feeds, augmentProbability: [probability] });
  expect(await at(1)).toEqual(await b.metrics(state, feeds));
  expect(await at(0)).toEqual(await c.metrics(state, feeds));
});

test('a scheduled β₂ is fed, and updates are those of a constant one of its value', async () => {
  const settings = { batch: BATCH, discriminatorSteps: 2, gradientNorm: 0.1 } as const;
  const adam = { learningRate: 0.01, beta1: 0.5, beta2: 0.945, epsilon: 1e-8 };
  const rising = { from: 0.9, to: 0.99, steps: 4, shape: 'linear' } as const;
  const changing = recipeOf(ganOf(), { ...settings, adam: { ...adam, beta2: rising } });
  const constant = recipeOf(ganOf(), { ...settings, adam });
  const feeds = await feedsAt(changing, 3);
  // Of the third step's two updates, the fifth and the sixth.
  const rates = [5, 6].map((t) => [0.01, 1 / (1 - 0.5 ** t), 1 / (1 - 0.945 ** t), 1 - 0.945]);
  expect([...feeds['discriminator.rates']!]).toEqual(rates.flat().map((x) => expect.closeTo(x, 6)));
  const [a, b] = [await open(changing), await open(constant)];
  const weights = strongState(changing);
  const moments = Object.entries(weights).map(([name, data], salt) => {
    const square = numbers(data.length, salt + 40).map((x) => x * x);
    return [name, name.startsWith('adam_v') ? Float32Array.from(square) : data] as const;
  });
  const state = Object.fromEntries(moments);
  const got = await a.run(state, feeds);
  const expected = await b.run(state, await feedsAt(constant, 3));
  for (const [name, values] of Object.entries(expected.state)) {
    values.forEach((value, i) => {
      expect(got.state[name]![i], `${name}[${i}]`).toBeCloseTo(value, 6);
    });
  }
});

test.each<[Schedule, Record<number, number>]>([
  [{ type: 'constant' }, { 1: 1, 1000: 1 }],
  [
    { type: 'linear', steps: 10, end: 0.5 },
    { 1: 1, 2: 0.95, 6: 0.75, 11: 0.5, 500: 0.5 },
  ],
  [
    { type: 'linear', steps: 4, end: 0 },
    { 1: 1, 2: 0.75, 5: 0, 6: 0 },
  ],
  [
    { type: 'cosine', steps: 8, end: 0.2 },
    { 1: 1, 3: 0.8828427, 5: 0.6, 9: 0.2, 10: 0.2 },
  ],
])('the learning rate with %o', async (schedule, factors) => {
  const adam = { learningRate: 0.25, beta1: 0.5, beta2: 0.75, epsilon: 1e-8 };
  const recipe = recipeOf(ganOf(), { batch: 1, schedule, adam });
  for (const [step, factor] of Object.entries(factors)) {
    expect(rateFactor(schedule, Number(step)), `step ${step}`).toBeCloseTo(factor, 7);
    const feeds = await feedsAt(recipe, Number(step));
    for (const name of ['generator.rates', 'discriminator.rates']) {
      expect(feeds[name]![0], `${name} of step ${step}`).toBeCloseTo(0.25 * factor, 7);
    }
  }
});

test('a schedule that has ended at 0 moves nothing, weights without a slope included', async () => {
  const recipe = recipeOf(ganOf(), { batch: 2, schedule: { type: 'linear', steps: 3, end: 0 } });
  const step = await open(recipe);
  // The critic of zeros gives most weights no slope, the last bias one.
  const { state } = await step.run(blankState(recipe), await feedsAt(recipe, 4));
  for (const [name, data] of Object.entries(state)) {
    const moved = Math.max(...data.map(Math.abs));
    if (!name.startsWith('adam_')) expect(moved, name).toBeLessThan(1e-25);
  }
});

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
    const [threeSteps, oneStep] = [await open(three), await open(one)];
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
    const step = await open(recipe);
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
    opened.push(engine);
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
  const step = await open(recipe);
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
  const step = await open(recipe);
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
  const step = await open(recipe);
  const [state, feeds] = [strongState(recipe), await feedsAt(recipe, 1)];
  const { metrics } = await step.run(state, feeds);
  const z = filled(feeds['discriminator.z']!, 1);
  const other = (await step.run(state, { ...feeds, 'discriminator.z': z })).metrics;
  expect(other.dFake).not.toBe(metrics.dFake);
  expect(other.dReal).toBe(metrics.dReal);
});

describe('what a step is fed', () => {
  const layers: Layers = [
    ...CRITIC.slice(0, 3),
    { type: 'dropout', rate: 0.4 },
    ...CRITIC.slice(3),
  ];
  const make = (seed?: number) =>
    recipeOf(ganOf(layers), {
      batch: BATCH,
      ...(seed === undefined ? {} : { seed }),
      loss: 'relativistic',
      penalties: ALL,
      augment: ['brightness'],
      discriminatorSteps: 2,
    });

  test('is a function of the seed and the step, in any order', async () => {
    const [forwards, backwards] = [make(), make()];
    const steps = [1, 2, 300, 301];
    const first = [];
    for (const step of steps) first.push(await feedsAt(forwards, step));
    for (const step of steps.toReversed()) {
      expect(await feedsAt(backwards, step)).toEqual(first[steps.indexOf(step)]);
    }
    const seeded = await feedsAt(make(2), 1);
    for (const [name, numbers] of Object.entries(first[0]!)) {
      if (name.endsWith('.rates')) continue;
      expectApart([numbers, seeded[name]!]);
      expectApart(first.map((feeds) => feeds[name]!));
    }
  });

  test('dropout has other noise in each pass and step, and every pass uses it', async () => {
    const recipe = make();
    const masks = recipe.feeds.map(({ name }) => name).filter((name) => name.endsWith('.mask'));
    // Real, generated and between, twice; then the generator's, and real ones to pair them with.
    expect(masks).toHaveLength(8);
    const feeds = await feedsAt(recipe, 1);
    const later = await feedsAt(recipe, 2);
    expectApart([feeds, later].flatMap((given) => masks.map((name) => given[name]!)));
    const step = await open(recipe);
    const state = strongState(recipe);
    const { metrics } = await step.run(state, feeds);
    for (const name of masks) {
      const nothing = filled(feeds[name]!, 0);
      expect(await step.metrics(state, { ...feeds, [name]: nothing }), name).not.toEqual(metrics);
    }
  });
});

describe('the state before the first step', () => {
  test('is drawn for the name: what else there is changes nothing', () => {
    const state = initialState(recipeOf(ganOf(), { batch: 1 }), 5);
    const deeper = [...CRITIC.slice(0, 5), { type: 'dense', units: 3, name: 'added' } as const];
    const more = initialState(recipeOf(ganOf([...deeper, CRITIC[5]!]), { batch: 1, ema: 0.9 }), 5);
    for (const name of Object.keys(state)) {
      // The last layer stands one further on.
      const renamed = name.replace(/discriminator\.5/, 'discriminator.6');
      if (renamed === name) expect(more[name], name).toEqual(state[name]);
    }
    expect(initialState(recipeOf(ganOf(), { batch: 1 }), 6)).not.toEqual(state);
    expectApart([state['generator.0.weight']!, more['discriminator.3.weight']!]);
  });

  test('is the same drawn with pauses, which also a single large tensor has', async () => {
    const init = { type: 'uniform', bound: 1 } as const;
    const large = { ...recipeOf(ganOf(), { batch: 1 }).state[0]!, shape: [3, 2 ** 20], init };
    let pauses = 0;
    const paused = await initialStateWithPauses({ state: [large] }, 7, async () => pauses++);
    expect(pauses).toBe(3);
    const name = large.name;
    expect(
      Buffer.compare(
        new Uint8Array(paused[name]!.buffer),
        new Uint8Array(initialState({ state: [large] }, 7)[name]!.buffer),
      ),
    ).toBe(0);
  });

  test('has averages that are copies, and moments that are zeros', () => {
    const state = initialState(recipeOf(ganOf(), { batch: 1, ema: 0.9 }), 5);
    const averages = Object.keys(state).filter((name) => name.startsWith('ema.'));
    expect(averages).toEqual(['ema.generator.0.weight', 'ema.generator.0.bias']);
    for (const name of averages) {
      expect(state[name]).toEqual(state[name.slice('ema.'.length)]);
      expect(state[name]).not.toBe(state[name.slice('ema.'.length)]);
    }
    const moments = Object.keys(state).filter((name) => name.startsWith('adam_'));
    expect(moments).toHaveLength(2 * (2 + 6));
    for (const name of moments) expect(state[name]!.every((x) => x === 0)).toBe(true);
  });
});

/** No two are the same. */
function expectApart(arrays: readonly (TypedArray | readonly number[])[]): void {
  const distinct = new Set(arrays.map((array) => array.join()));
  expect(distinct.size).toBe(arrays.length);
}

const filled = ({ length }: TypedArray, value: number) => new Float32Array(length).fill(value);

const pick = <T>(from: Record<string, T>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, from[name]!]));

const boxed = (metrics: Record<string, number>) =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, [value]]));
