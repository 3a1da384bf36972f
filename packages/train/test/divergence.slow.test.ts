/** Training that diverges leaves its last sound checkpoint, and says what was not finite. */
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCheckpoint, readRun, writeWeights } from '@ganport/model/node';
import { beforeEach, expect, test, vi } from 'vitest';
import { type ChosenEngine, memoryDataset, resolveConfig, train } from '../src/index.ts';
import { temporaryFolder } from './files.ts';

/**
 * What has `value` in it from an engine's fourth step on: a tensor of the state, the images, or a metric. Of so many
 * engines, the first ones that are created.
 */
const poison = vi.hoisted(() => ({ what: '', value: Number.NaN, engines: Infinity }));

vi.mock('../src/engines.ts', async (original) => {
  const engines = await original<typeof import('../src/engines.ts')>();
  const chooseEngine: typeof engines.chooseEngine = async (recipe, initial, options) => {
    const chosen = await engines.chooseEngine(recipe, initial, options);
    const { engine } = chosen;
    if (--poison.engines < 0) return chosen;
    let step = 0;
    const poisoned = (name: string, data: Float32Array) =>
      step >= 4 && name === poison.what ? data.with(data.length - 1, poison.value) : data;
    const spoilt: ChosenEngine['engine'] = {
      ...engine,
      async step(feeds) {
        step += 1;
        const metrics = await engine.step(feeds);
        if (step < 4 || !(poison.what in metrics)) return metrics;
        return { ...metrics, [poison.what]: poison.value };
      },
      sample: async (z, count) => poisoned('images', await engine.sample(z, count)),
      async state() {
        const entries = Object.entries(await engine.state());
        return Object.fromEntries(entries.map(([name, data]) => [name, poisoned(name, data)]));
      },
    };
    return { ...chosen, engine: spoilt };
  };
  return { ...engines, chooseEngine };
});

const config = {
  preset: 'mlp',
  generator: {
    inputs: { z: [2] },
    layers: [
      { type: 'dense', units: 4 },
      { type: 'batchNorm' },
      { type: 'tanh' },
      { type: 'reshape', shape: [1, 2, 2] },
    ],
  },
  discriminator: {
    inputs: { image: [1, 2, 2] },
    layers: [{ type: 'flatten' }, { type: 'dense', units: 1 }],
  },
  batch: 2,
  ema: 0.9,
  recoveries: 0,
  every: { metrics: 1, checkpoint: 2 },
};

interface Training {
  resume: boolean;
  changes: object;
  beyond: object;
  checkpoint: number;
  signal: AbortSignal;
  onNotice: (line: string) => void;
  onStep: () => void;
}

function trained(
  folder: string,
  steps: number,
  { resume = false, changes = {}, beyond = {}, ...rest }: Partial<Training> = {},
) {
  return train({
    // `beyond`: settings that no configuration may have, which surely diverge.
    config: { ...resolveConfig([['the test', { ...config, steps, ...changes }]]), ...beyond },
    dataset: memoryDataset({
      ...{ name: 'bytes', height: 2, width: 2, channels: 1 },
      images: Uint8Array.from({ length: 8 * 4 }, (_, i) => i * 8),
    }),
    ...{ engine: 'onnxruntime', device: 'cpu', threads: 1, tf32: false, versions: {} },
    ...{ folder, resume, ...rest },
  });
}

beforeEach(() => {
  Object.assign(poison, { what: '', value: Number.NaN, engines: Infinity });
});

test.each([
  ['generator.0.weight', Number.NaN, 'there is NaN in generator.0.weight'],
  ['generator.1.running_var', Infinity, 'there is Infinity in generator.1.running_var'],
  ['adam_v.discriminator.1.bias', Infinity, 'there is Infinity in adam_v.discriminator.1.bias'],
  ['ema.generator.0.bias', -Infinity, 'there is -Infinity in ema.generator.0.bias'],
  ['images', Number.NaN, 'there is NaN in the generated images'],
  ['gLoss', Number.NaN, 'gLoss is NaN'],
  ['dReal', Number.NaN, 'dReal is NaN'],
])('%s of %d', async (what, value, said) => {
  Object.assign(poison, { what, value });
  const folder = join(temporaryFolder(), 'run');
  const message = `training diverged: at step 4 ${said}; try a lower learning rate, now 0.0003: --resume ${folder} --learning-rate 0.00003. The checkpoint of step 2 is intact.`;
  await expect(trained(folder, 6)).rejects.toMatchObject({ name: 'DivergenceError', message });
  expect((await readCheckpoint(folder, 'latest')).step).toBe(2);
  expect(readFileSync(join(folder, 'best'), 'utf8')).toContain('step-000002');
  expect(readdirSync(join(folder, 'samples'))).toEqual(['step-000002.png']);
  // And it goes on from there.
  poison.what = '';
  expect(await trained(folder, 6, { resume: true })).toMatchObject({ step: 6, trained: 4 });
});

test('weights too large for anything but NaN to be drawn are never the latest', async () => {
  const folder = join(temporaryFolder(), 'run');
  const adam = { learningRate: 1e20, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  const changes = { every: { metrics: 1, checkpoint: 1 } };
  await expect(trained(folder, 40, { changes, beyond: { adam } })).rejects.toThrow(
    /^training diverged: at step \d+ /,
  );
  const { scores } = await readCheckpoint(folder, 'latest');
  expect(scores.swd).toBeGreaterThan(0);
});

test.each([
  ['a weight that is none', '{"swd":0.5}', ' is of training that had diverged: there is NaN in '],
  ['a score that is none', '{"swd":null}', ': scores is not valid: swd: expected a finite number'],
])('a latest checkpoint with %s is refused, with the one before it', async (_, scores, said) => {
  const folder = join(temporaryFolder(), 'run');
  await trained(folder, 4);
  const { tensors, path } = await readCheckpoint(folder, 'latest');
  const spoilt = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      return [name, { ...tensor, data: new Float32Array(tensor.data.length).fill(Number.NaN) }];
    }),
  );
  const metadata = { format: 'ganport-checkpoint-1', step: '4', scores };
  await writeWeights(path, scores.includes('null') ? tensors : spoilt, metadata);
  const refusal = await trained(folder, 6, { resume: true }).catch((error: Error) => error.message);
  expect(refusal).toContain(path + said);
  expect(refusal).toMatch(/; name another, to train --resume or export: --checkpoint 2$/);
  // What it says helps.
  const checkpoint = 2;
  expect(await trained(folder, 6, { resume: true, checkpoint })).toMatchObject({ trained: 4 });
});

const NaNs = (engines: number) => Object.assign(poison, { what: 'gLoss', engines });
const changes = { recoveries: 2 };

/** All that a run folder has but pictures by the clock, byte for byte, and its run.json without the history. */
async function contents(folder: string) {
  const { history, ...run } = await readRun(folder);
  const names = readdirSync(join(folder, 'checkpoints'));
  const files = ['metrics.jsonl', 'latest', 'best', ...names.map((name) => `checkpoints/${name}`)];
  const bytes = files.map((name) => [name, readFileSync(join(folder, name), 'latin1')] as const);
  return { history, rest: { ...Object.fromEntries(bytes), run } };
}

test('training goes back to its last checkpoint with half the learning rate', async () => {
  const [folder, byHand] = [join(temporaryFolder(), 'run'), join(temporaryFolder(), 'run')];
  NaNs(1);
  const told: string[] = [];
  const onNotice = (line: string) => told.push(line);
  const result = await trained(folder, 8, { changes, onNotice });
  const why = 'at step 4 gLoss is NaN';
  const line = `${why}: training goes back to step 2 with half the learning rate, now 0.00015`;
  expect(told[0]).toBe(line);
  expect(result).toMatchObject({ folder, step: 8, trained: 8, interrupted: false });
  expect(result.warnings).toContain(line);
  const change = { step: 2, field: 'config.adam.learningRate', from: 3e-4, to: 1.5e-4 };
  const { history, rest } = await contents(folder);
  expect(history).toEqual([{ ...change, why }]);
  // As a person would have done it.
  await trained(byHand, 2, { changes });
  const adam = { ...resolveConfig([['the test', config]]).adam, learningRate: 1.5e-4 };
  await trained(byHand, 8, { changes, beyond: { adam }, resume: true });
  expect(rest).toEqual((await contents(byHand)).rest);
  expect((await contents(byHand)).history).toContainEqual(change);
});

test.each(['before', 'after'])(
  'resumed from %s its next checkpoint, it equals the run that was not',
  async (when) => {
    const [folder, whole, resumed] = [0, 1, 2].map(() => join(temporaryFolder(), 'run')) as [
      string,
      string,
      string,
    ];
    NaNs(1);
    await trained(whole, 8, { changes });
    // Killed by leaving: the folder as it is while the third step after going back, or the fifth, is done.
    NaNs(1);
    const stop = new AbortController();
    let steps = 0;
    const onStep = () => {
      steps += 1;
      // Three sound steps before, and then from step 3 on.
      if (steps === (when === 'before' ? 4 : 6))
        cpSync(folder, resumed, { recursive: true, filter: (path) => !path.endsWith('lock') });
      if (steps === 6) stop.abort();
    };
    await trained(folder, 8, { changes, signal: stop.signal, onStep });
    const { adam } = (await readRun(resumed)).config as unknown as typeof config & { adam: object };
    await trained(resumed, 8, { changes, beyond: { adam }, resume: true });
    expect(await contents(resumed)).toEqual(await contents(whole));
  },
);

test('before the first checkpoint it begins again', async () => {
  const folder = join(temporaryFolder(), 'run');
  NaNs(1);
  const every = { metrics: 1, checkpoint: 5 };
  const result = await trained(folder, 6, { changes: { ...changes, every } });
  expect(result).toMatchObject({ step: 6, trained: 6 });
  const { history } = await readRun(folder);
  expect(history).toMatchObject([{ step: 0, from: 3e-4, to: 1.5e-4 }]);
  expect(readFileSync(join(folder, 'metrics.jsonl'), 'utf8').match(/"step":4,/g)).toHaveLength(1);
});

test('it goes back as often as it may, and then says what was tried', async () => {
  const folder = join(temporaryFolder(), 'run');
  NaNs(Infinity);
  const message =
    'training diverged: at step 8 gLoss is NaN, after going back to step 2 with the learning rate 0.00015, ' +
    `to step 4 with the learning rate 0.000075; try a lower learning rate, now 0.000075: --resume ${folder} ` +
    '--learning-rate 0.0000075. The checkpoint of step 6 is intact.';
  await expect(trained(folder, 20, { changes })).rejects.toMatchObject({
    name: 'DivergenceError',
    message,
  });
});
