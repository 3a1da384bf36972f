import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resolveConfig, resolveGan } from '../src/index.ts';

test('nothing given is the mlp preset with the published settings', () => {
  const config = resolveConfig([]);
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

test.each([
  [
    { speed: 3 },
    'a.json is not valid: the recipe "gan" takes no "speed"; its settings are loss, penalties, ',
  ],
  [
    { recipe: 'cyclegan' },
    'a.json is not valid: recipe: Invalid input: expected "gan", got "cyclegan"',
  ],
  [{ batch: 0 }, 'a.json is not valid: batch: '],
  [{ adam: { beta1: 1 } }, 'a.json is not valid: adam.beta1: '],
  [{ loss: 'hinged' }, /^a.json is not valid: loss: .*"bce".*, got "hinged"$/],
  [
    { penalties: { r1: 1, r3: 1 } },
    'a.json is not valid: penalties: expected some of "gradient"|"r1"|"r2", got "r3"',
  ],
  [{ penalties: { r1: -1 } }, 'a.json is not valid: penalties.r1: '],
  [
    { augment: ['brightness', 'mirror'] },
    'a.json is not valid: augment.1: Invalid input: expected "brightness", got "mirror"',
  ],
  [{ schedule: { type: 'step' } }, /^a.json is not valid: schedule.type: .*'cosine', got "step"$/],
  [{ schedule: { type: 'linear' } }, 'a.json is not valid: schedule.steps: '],
  [{ schedule: { type: 'constant', steps: 3 } }, 'a.json is not valid: schedule: '],
  [{ adam: { momentum: 0.9 } }, 'a.json is not valid: adam: Unrecognized key: "momentum"'],
  [{ discriminatorSteps: 0 }, 'a.json is not valid: discriminatorSteps: '],
  [{ preset: 'dcgan' }, 'a.json is not valid: preset: '],
  [{ data: 'cifar' }, 'a.json is not valid: data: '],
  [
    { generator: { inputs: { z: [4] }, layers: [{ type: 'magic' }] } },
    /^a.json is not valid: generator.layers.0.type: .*'dense'.*, got "magic"$/,
  ],
  [
    { generator: { inputs: { z: [4] }, layers: [{ type: 'dense', units: 1, speed: 2 }] } },
    'a.json is not valid: generator.layers.0: Unrecognized key: "speed"',
  ],
])('%o is refused', (value, message) => {
  expect(() => resolveConfig([['a.json', value]])).toThrow(message);
});

test('a loss comes with its penalties, unless others are given', () => {
  const { penalties } = resolveConfig([['a.json', { loss: 'wasserstein' }]]);
  expect(penalties).toEqual({ gradient: 10 });
  const none = resolveConfig([['a.json', { loss: 'wasserstein', penalties: {} }]]);
  expect(none.penalties).toEqual({});
  const other = resolveConfig([['a.json', { loss: 'relativistic', penalties: { r2: 0.5 } }]]);
  expect(other.penalties).toEqual({ r2: 0.5 });
});

test("the README's example fits", () => {
  const text = readFileSync(new URL('../../../examples/small.json', import.meta.url), 'utf8');
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(text);
  const config = resolveConfig([['examples/small.json', JSON.parse(text)]]);
  const digits = { name: 'digits', channels: 1, height: 28, width: 28 } as const;
  expect(resolveGan(config, digits).generator.outputShape).toEqual([1, 28, 28]);
});
