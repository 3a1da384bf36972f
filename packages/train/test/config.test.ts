import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { buildRecipe, resolveConfig, resolveGan } from '../src/index.ts';
import { AUGMENTATIONS } from '../src/recipe/augmentations.ts';
import { ganSettings } from '../src/recipe/gan.ts';
import { LOSS_ALIASES, LOSSES } from '../src/recipe/losses.ts';
import { PENALTIES } from '../src/recipe/penalties.ts';
import { scheduleSchema } from '../src/recipe/schedules.ts';

test('nothing given is the preset that soon draws digits', () => {
  expect(resolveConfig([])).toEqual(resolveConfig([['flags', { preset: 'quick' }]]));
});

test("a preset's networks are for the data's images, unless others are given", () => {
  const image = { channels: 3, height: 64, width: 64 } as const;
  const config = resolveConfig([['a.json', { preset: 'dcgan' }]], image);
  resolveGan(config, { name: 'colours', ...image });
  const own = { generator: config.generator, discriminator: config.discriminator };
  const odd = { channels: 3, height: 30, width: 30 };
  expect(resolveConfig([['a.json', { preset: 'dcgan', ...own }]], odd)).toEqual(config);
  expect(() => resolveConfig([['a.json', { preset: 'dcgan' }]], odd)).toThrow(
    'preset dcgan: expected images of a height and width in multiples of 4, got 30×30',
  );
});

test('the mlp preset has the published settings', () => {
  const config = resolveConfig([['flags', { preset: 'mlp' }]]);
  expect(config).toMatchObject({
    name: 'mlp',
    batch: 128,
    loss: 'bce',
    adam: { learningRate: 3e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    ema: 0,
  });
});

test('later sources win, key by key inside adam and every', () => {
  const config = resolveConfig([
    ['a.json', { preset: 'conv', steps: 10, adam: { beta1: 0.5 }, every: { metrics: 3 } }],
    ['the flags', { steps: 20 }],
  ]);
  expect(config).toMatchObject({ name: 'conv', batch: 64, steps: 20 });
  expect(config.adam).toEqual({ learningRate: 3e-4, beta1: 0.5, beta2: 0.999, epsilon: 1e-8 });
  expect(config.every).toEqual({ metrics: 3, checkpoint: 250 });
});

test('a resolved configuration resolves to itself, defaults written out', () => {
  const config = resolveConfig([['a.json', { preset: 'conv' }]]);
  expect(resolveConfig([['run.json', JSON.parse(JSON.stringify(config))]])).toEqual(config);
  expect(config.generator.layers[2]).toEqual({ type: 'batchNorm', epsilon: 1e-5, momentum: 0.1 });
});

const RISING = { from: 0, to: 0.9, steps: 9, shape: 'cosine' };

test.each([
  [[], 'a.json is not valid: expected an object, got a list of 0'],
  [null, 'a.json is not valid: expected an object, got null'],
  [{ stepz: 3 }, 'a.json is not valid: the recipe "gan" takes no "stepz"; did you mean "steps"?'],
  [
    { momentum: 3 },
    /^a.json is not valid: the recipe "gan" takes no "momentum"; it takes name, .*/,
  ],
  [{ recipe: 'cyclegan' }, 'a.json is not valid: recipe: expected "gan", got "cyclegan"'],
  [{ batch: 0 }, 'a.json is not valid: batch: expected a whole number from 1 to 65536, got 0'],
  [{ batch: 1.5 }, 'batch: expected a whole number from 1 to 65536, got 1.5'],
  [{ batch: '64' }, 'batch: expected a whole number from 1 to 65536, got "64"'],
  [{ steps: Infinity }, 'steps: expected a whole number from 1 to 100000000, got Infinity'],
  [{ seed: -1 }, 'seed: expected a whole number of at least 0, got -1'],
  [{ adam: [] }, 'adam: expected an object, got a list of 0'],
  [{ adam: { beta1: 1 } }, 'adam.beta1: expected a number from 0 to 0.999999, got 1'],
  [{ adam: { learningRate: 0 } }, 'adam.learningRate: expected a number from 1e-12 to 10, got 0'],
  [{ adam: { learningRate: 1e300 } }, 'expected a number from 1e-12 to 10, got 1e+300'],
  [{ adam: { epsilon: 1e-300 } }, 'adam.epsilon: expected a number from 1e-16 to 1, got 1e-300'],
  [{ adam: { momentum: 0.9 } }, 'adam takes no "momentum"; it takes learningRate, beta1, beta2, '],
  [{ ema: 0.999_999_99 }, 'ema: expected a number from 0 to 0.999999, got 0.99999999'],
  [{ every: { metrics: 0 } }, 'every.metrics: expected a whole number from 1 to 100000000, got 0'],
  [{ loss: 'hinged' }, /^a.json is not valid: loss: expected one of "bce", .*, got "hinged"$/],
  [{ penalties: { r1: 1, r3: 1 } }, 'penalties takes no "r3"; did you mean "r1"?'],
  [{ penalties: ['r1'] }, 'penalties: expected an object, got a list of 1'],
  [{ penalties: { r1: -1 } }, 'penalties.r1: expected a number from 0 to 1000000, got -1'],
  [{ penalties: { r1: 1e300 } }, 'penalties.r1: expected a number from 0 to 1000000, got 1e+300'],
  [{ augment: 'brightness' }, 'augment: expected a list, got "brightness"'],
  [
    { augment: ['brightness', 'mirror'] },
    'augment.1: expected one of "brightness", "saturation", "contrast", "translation", "cutout", got "mirror"',
  ],
  [{ schedule: 'linear' }, 'schedule: expected an object, got "linear"'],
  [
    { schedule: { type: 'step' } },
    'schedule.type: expected one of "constant", "linear", "cosine", got "step"',
  ],
  [{ schedule: {} }, 'schedule.type is missing: expected one of "constant", "linear", "cosine"'],
  [{ schedule: { type: 'linear' } }, 'schedule.steps is missing: expected a whole number from 1'],
  [
    { schedule: { type: 'linear', steps: 5, end: 2 } },
    'schedule.end: expected a number from 0 to 1, got 2',
  ],
  [{ schedule: { type: 'constant', steps: 3 } }, 'schedule takes no "steps"; it takes type'],
  [
    { augmentProbability: 'high' },
    'augmentProbability: expected a number from 0 to 1, or an object, got "high"',
  ],
  [{ augmentProbability: [0] }, 'or an object, got a list of 1'],
  [{ augmentProbability: null }, 'or an object, got null'],
  [{ augmentProbability: 2 }, /: augmentProbability: expected a number from 0 to 1, got 2$/],
  [
    { augmentProbability: { ...RISING, from: '0', to: 2 } },
    'augmentProbability.from: expected a number from 0 to 1, got "0"; augmentProbability.to: expected a number from 0 to 1, got 2',
  ],
  [
    { augmentProbability: { ...RISING, shape: 'step' } },
    /: augmentProbability.shape: expected one of "linear", "cosine", got "step"$/,
  ],
  [
    { augmentProbability: { ...RISING, end: 1 } },
    /: augmentProbability takes no "end"; it takes from, to, steps, shape$/,
  ],
  [
    { augmentProbability: { from: 0, to: 1, step: 9, shape: 'linear' } },
    'augmentProbability.steps is missing: expected a whole number from 1 to 100000000; ' +
      'augmentProbability takes no "step"; did you mean "steps"?',
  ],
  [
    { adam: { beta2: { ...RISING, to: 1 } } },
    'adam.beta2.to: expected a number from 0 to 0.999999, got 1',
  ],
  [{ discriminatorSteps: 0 }, 'discriminatorSteps: expected a whole number from 1 to 100, got 0'],
  [
    { preset: 'began' },
    'preset: expected one of "mlp", "conv", "quick", "dcgan", "cdcgan", "projection", "sngan", "resnet", "r3gan", got "began"',
  ],
  [{ data: 'cifar' }, 'a.json is not valid: data: '],
  [{ generator: [] }, 'generator: expected an object, got a list of 0'],
  [
    { generator: { inputs: { z: [4] }, layers: [{ type: 'magic' }] } },
    /^a.json is not valid: generator.layers.0.type: expected one of .*"dense".*, got "magic"$/,
  ],
  [
    { generator: { inputs: { z: [4] }, layers: [{ type: 'dense', units: 1, speed: 2 }] } },
    'generator.layers.0 takes no "speed"; it takes name, from, type, units, bias, init',
  ],
])('%o is refused', (value, message) => {
  expect(() => resolveConfig([['a.json', value]])).toThrow(message);
});

test('r3gan has the schedules of its paper; another loss or no average leaves out what is theirs', () => {
  const config = resolveConfig([['a.json', { preset: 'r3gan' }]]);
  expect(config).toMatchObject({
    loss: 'relativistic',
    adam: { beta1: 0, beta2: { from: 0.9, to: 0.99, steps: config.steps } },
    schedule: { type: 'cosine', steps: config.steps, end: 0.25 },
    penalties: { r1: { from: 4, to: 0.4 }, r2: { from: 4, to: 0.4 } },
    emaWarmup: true,
  });
  expect(resolveConfig([['run.json', JSON.parse(JSON.stringify(config))]])).toEqual(config);
  const other = resolveConfig([['a.json', { preset: 'r3gan', loss: 'bce', ema: 0 }]]);
  expect(other.penalties).toEqual({});
  expect(other).not.toHaveProperty('emaWarmup');
});

test('a loss comes with its penalties, unless others are given', () => {
  const { penalties } = resolveConfig([['a.json', { loss: 'wasserstein' }]]);
  expect(penalties).toEqual({ gradient: 10 });
  const none = resolveConfig([['a.json', { loss: 'wasserstein', penalties: {} }]]);
  expect(none.penalties).toEqual({});
  const other = resolveConfig([['a.json', { loss: 'relativistic', penalties: { r2: 0.5 } }]]);
  expect(other.penalties).toEqual({ r2: 0.5 });
});

const textOf = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const DIGITS = { name: 'digits', channels: 1, height: 28, width: 28 } as const;

test.each([
  ['examples/small.json', ['README.md']],
  ['examples/settings.json', ['README.md', 'packages/train/README.md']],
])('%s fits, and is as %o show it', (example, readmes) => {
  const text = textOf(example);
  for (const readme of readmes) expect(textOf(readme)).toContain(text);
  const config = resolveConfig([[example, JSON.parse(text)]]);
  expect(config).toMatchObject(omit(JSON.parse(text), ['preset', 'generator']));
  const gan = resolveGan(config, DIGITS);
  expect(gan.generator.outputShape).toEqual([1, 28, 28]);
  expect(buildRecipe(gan, config, { count: 1, read: () => new Uint8Array() }).state).not.toEqual(
    [],
  );
});

test('the README names every choice of the settings, and every setting of the recipe', () => {
  const readme = textOf('README.md');
  const shape = ganSettings.shape;
  const schedules = scheduleSchema.options.map(({ shape }) => shape.type.value);
  for (const name of [LOSSES, PENALTIES, AUGMENTATIONS, shape].flatMap(Object.keys)) {
    expect(readme).toContain(`\`${name}\``);
  }
  for (const type of schedules) expect(readme).toMatch(new RegExp(`\`${type}\`|"type": "${type}"`));
});

function omit(object: Record<string, unknown>, keys: readonly string[]) {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

test.each([
  '../x',
  '/x',
  'a/b',
  'a\\b',
  '.',
  '..',
  'a\0',
  'a\nb',
  '\u001b[31m',
  'a\u2028b',
  '\ud800',
])('a name is that of a folder, and of one line: not %j', (name) => {
  expect(() => resolveConfig([['my.json', { name }]])).toThrow(
    /^my\.json is not valid: name: expected a name without slashes [^\p{Cc}]+$/u,
  );
});

test.each(['...', 'a..b', '.hidden', 'naïve GAN, 2', '人 🙂', '-x', 'con'])(
  'a name may be %j',
  (name) => {
    expect(resolveConfig([['my.json', { name }]]).name).toBe(name);
  },
);

describe('a loss that is asked for', () => {
  const of = (settings: object) => resolveConfig([['a.json', { preset: 'mlp', ...settings }]]);

  test.each([
    [{ loss: 'wasserstein' }, 5, { learningRate: 3e-4, beta1: 0, beta2: 0.9 }, undefined],
    [{ loss: 'wgan' }, 5, { learningRate: 5e-5, beta1: 0, beta2: 0.99 }, 0.01],
    [{ loss: 'hinge' }, 5, { beta1: 0, beta2: 0.9 }, undefined],
    [{ loss: 'relativistic' }, 1, { beta1: 0, beta2: 0.9 }, undefined],
    [{ loss: 'bce' }, 1, { beta1: 0.9, beta2: 0.999 }, undefined],
    // What is given wins, key by key.
    [{ loss: 'wgan', discriminatorSteps: 2, clip: 1 }, 2, { beta1: 0 }, 1],
    [{ loss: 'wgan', adam: { beta1: 0.5 } }, 5, { learningRate: 5e-5, beta1: 0.5 }, 0.01],
  ])('%o comes with what its paper trains it with', (settings, turns, adam, clip) => {
    expect(of(settings)).toMatchObject({ discriminatorSteps: turns, adam });
    expect(of(settings).clip).toBe(clip);
  });

  test('has the names that people know it by', () => {
    for (const [alias, loss] of Object.entries(LOSS_ALIASES)) {
      expect(of({ loss: alias })).toEqual(of({ loss }));
    }
  });

  test('changes nothing in a run that was resolved before it came with more', () => {
    const old = { ...of({ loss: 'wasserstein' }), discriminatorSteps: 1, adam: of({}).adam };
    expect(resolveConfig([['run.json', old]])).toEqual(old);
  });

  test.each([
    [
      { loss: 'hinge', clip: 0.01 },
      'clip is for a critic: expected a loss of "wgan", "wasserstein", got "hinge"',
    ],
    [
      { loss: 'hinge', realLabel: 0.9 },
      'realLabel is for losses with labels: expected a loss of "bce", "minimax", "lsgan", got "hinge"',
    ],
    [
      { augmentProbability: { from: 0, to: 2, steps: 5, shape: 'cosine' } },
      'augmentProbability.to: expected a number from 0 to 1, got 2',
    ],
    [
      { penalties: { r1: { from: 0, to: 1, steps: 0, shape: 'cosine' } } },
      'penalties.r1.steps: expected a whole number from 1 to 100000000, got 0',
    ],
    [{ emaWarmup: true }, 'emaWarmup is for a moving average: expected ema above 0, got 0'],
    [{ ema: 0.9, emaWarmup: 1 }, 'emaWarmup: expected true or false, got 1'],
    [{ realLabel: 2 }, 'realLabel: expected a number from 0.5 to 1, got 2'],
    [{ loss: 'wgan', clip: 0 }, 'clip: expected a number from 0.000001 to 1000, got 0'],
  ])('%o is refused', (settings, message) => {
    expect(() => of(settings)).toThrow(message);
  });
});
