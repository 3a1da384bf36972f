/** A sweep's file: the grid it means, and what is wrong with one. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resolveConfig } from '../src/index.ts';
import { planSweep } from '../src/sweep/plan.ts';

const plan = (value: unknown) => planSweep(value, 'a.json', '/data');

test('is the grid of all that varies, every setting before the next seed', () => {
  const { runs, eval: evaluation } = plan({
    base: { preset: 'mlp', adam: { beta1: 0.5 } },
    vary: { seed: [3, 1], loss: ['bce', 'hinge'], 'adam.learningRate': [1e-4] },
  });
  expect(runs.map(({ name }) => name)).toEqual([
    'seed=3,loss=bce,adam.learningRate=0.0001',
    'seed=3,loss=hinge,adam.learningRate=0.0001',
    'seed=1,loss=bce,adam.learningRate=0.0001',
    'seed=1,loss=hinge,adam.learningRate=0.0001',
  ]);
  expect(runs[3]!.settings).toEqual({ seed: '1', loss: 'hinge', 'adam.learningRate': '0.0001' });
  const settings = { preset: 'mlp', seed: 1, loss: 'hinge' };
  const whole = resolveConfig([['x', { ...settings, adam: { beta1: 0.5, learningRate: 1e-4 } }]]);
  expect(runs[3]!.config).toEqual(whole);
  expect(evaluation).toEqual({ count: 10_000, seed: 42, checkpoint: 'latest' });
});

test('several settings have one name, and lie over base and what varies before them', () => {
  const { runs } = plan({
    base: { preset: 'mlp', penalties: { r1: 1 } },
    vary: {
      'penalties.r2': [2],
      with: { none: { penalties: {} }, 'R1, more': { penalties: { r1: 3 }, ema: 0.9 } },
    },
  });
  expect(runs.map(({ name, config }) => [name, config.penalties, config.ema])).toEqual([
    ['penalties.r2=2,with=none', {}, 0],
    ['penalties.r2=2,with=R1_more', { r1: 3 }, 0.9],
  ]);
  expect(runs[1]!.settings).toEqual({ 'penalties.r2': '2', with: 'R1, more' });
  const [own] = plan({ base: { penalties: { r1: 1 } }, vary: { 'penalties.r2': [2] } }).runs;
  expect(own!.config.penalties).toEqual({ r1: 1, r2: 2 });
});

test('lists and objects have names that a file system takes', () => {
  const vary = { augment: [[], ['brightness', 'cutout']], penalties: [{ r1: 0.5 }] };
  expect(plan({ vary }).runs.map(({ name }) => name)).toEqual([
    'augment=none,penalties=r1-0.5',
    'augment=brightness+cutout,penalties=r1-0.5',
  ]);
});

test('the example of the README is 24 runs', () => {
  const textOf = (path: string) =>
    readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  const text = textOf('examples/sweep.json');
  expect(textOf('README.md')).toContain(text);
  expect(plan(JSON.parse(text)).runs).toHaveLength(24);
});

test('data are from the folder of the file', () => {
  const { runs } = plan({ base: { data: 'idx:digits' }, vary: { seed: [0] } });
  expect(runs[0]!.config).toMatchObject({ data: 'idx', dataDir: '/data/digits' });
});

test('the digest is of everything but the steps', () => {
  const [first, longer, other] = [{ steps: 5 }, { steps: 9 }, { steps: 5, ema: 0.9 }].map(
    (base) => plan({ base, vary: { seed: [0] } }).runs[0]!,
  );
  expect(longer!.digest).toBe(first!.digest);
  expect(other!.digest).not.toBe(first!.digest);
});

const HUNDRED = Array.from({ length: 100 }, (_, i) => i);

test.each<[string, unknown, string]>([
  ['a list', [], 'a.json is not valid: expected an object, got a list of 0'],
  ['nothing to vary', { base: {} }, 'a.json is not valid: vary is missing: expected an object'],
  ['no axis', { vary: {} }, 'vary: expected a setting with its values, such as "seed": [0, 1, 2]'],
  ['an empty list', { vary: { seed: [] } }, 'vary.seed: expected a list of at least 1 item'],
  ['no names', { vary: { with: {} } }, 'vary.with: expected a list of values, or names with their'],
  [
    'a setting in place of its values',
    { vary: { penalties: { r1: 1 } } },
    'vary.penalties.r1: expected settings by that name, such as { "ema": 0.9 }; values of one setting are a list, got 1',
  ],
  ['one value', { vary: { seed: 1 } }, 'vary.seed: expected a list of at least 1 item'],
  ['another key', { vary: { seed: [1] }, evals: {} }, 'takes no "evals"; did you mean "eval"?'],
  [
    'an unknown setting',
    { vary: { looss: ['bce'] } },
    'a.json: vary: looss=bce is not valid: the recipe "gan" takes no "looss"; did you mean "loss"?',
  ],
  [
    'an unknown setting within one',
    { vary: { 'adam.learningrate': [1] } },
    'vary: adam.learningrate=1 is not valid: adam takes no "learningrate"; did you mean "learningRate"?',
  ],
  [
    'an unknown setting of the base',
    { base: { stepz: 1 }, vary: { seed: [0] } },
    'a.json: base is not valid: the recipe "gan" takes no "stepz"',
  ],
  ['a path within a number', { vary: { 'batch.size': [4] } }, 'batch: expected a whole number'],
  ['a prototype', { vary: { '__proto__.polluted': [1] } }, 'a.json: vary: __proto__.polluted=1'],
  [
    'settings that do not fit each other',
    { vary: { loss: ['wgan', 'hinge'], clip: [0.1] } },
    'clip is for a critic',
  ],
  [
    'too many',
    { vary: { seed: HUNDRED, batch: HUNDRED.map((i) => i + 1) } },
    'a.json: vary: 100 × 100 are 10000 runs: expected at most 1000',
  ],
  [
    'two of one name',
    { vary: { name: ['a b', 'A/b'.replace('/', '_')] } },
    'two runs would be called "name=A_b"',
  ],
  ['the same value twice', { vary: { seed: [1, 1] } }, 'two runs would be called "seed=1"'],
  [
    'a name without an end',
    { vary: { augment: [Array(20).fill('translation')] } },
    'give what has no short name one',
  ],
])('%s is one line', (_, value, said) => {
  expect(() => plan(value)).toThrow(said);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});
