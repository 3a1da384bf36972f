import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { readCheckpoint, readRun, writeWeights } from '@ganport/model/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  buildRecipe,
  type EngineName,
  initialState,
  memoryDataset,
  resolveConfig,
  resolveGan,
  type State,
  type TrainConfig,
  train,
} from '../src/index.ts';
import { compareStates } from './parity.ts';

const folder = mkdtempSync(join(tmpdir(), 'ganport-train-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Bright squares on black, 8 × 8. */
const images = Uint8Array.from({ length: 50 * 64 }, (_, i) =>
  i % 64 > 20 + (i >> 6) / 3 ? 255 : 0,
);
const squares = memoryDataset({ name: 'squares', height: 8, width: 8, channels: 1, images });

const settings = {
  preset: 'mlp' as const,
  name: 'tiny',
  generator: {
    inputs: { z: [6] },
    layers: [
      { type: 'dense', units: 64 },
      { type: 'reshape', shape: [4, 4, 4] },
      { type: 'batchNorm' },
      { type: 'relu' },
      { type: 'convTranspose2d', filters: 1, kernel: 4, stride: 2, pad: 1 },
      { type: 'tanh' },
    ],
  },
  discriminator: {
    inputs: { image: [1, 8, 8] },
    layers: [
      { type: 'conv2d', filters: 4, kernel: 3, pad: 1 },
      { type: 'leakyRelu', slope: 0.2 },
      { type: 'avgPool2d', kernel: 2 },
      { type: 'flatten' },
      { type: 'dense', units: 1 },
    ],
  },
  batch: 8,
  ema: 0.9,
  every: { metrics: 2, checkpoint: 4 },
};

async function run(
  name: string,
  options: {
    steps: number;
    resume?: boolean;
    changes?: object;
    /** Settings that no configuration may have. */
    beyond?: Partial<TrainConfig>;
    stopAt?: number;
    /** Begun at the first step; when it is done, training is stopped, as by a signal. */
    meanwhile?: () => Promise<unknown>;
    engine?: EngineName;
    onNotice?: (line: string) => void;
  },
) {
  const {
    steps,
    resume = false,
    changes = {},
    beyond = {},
    stopAt,
    meanwhile,
    engine = 'onnxruntime',
    onNotice = () => {},
  } = options;
  const stop = new AbortController();
  let first = true;
  return train({
    config: { ...resolveConfig([['the test', { ...settings, steps, ...changes }]]), ...beyond },
    dataset: squares,
    engine,
    device: 'cpu',
    threads: 1,
    tf32: false,
    versions: { ganport: 'test' },
    folder: join(folder, name),
    resume,
    signal: stop.signal,
    onNotice,
    onStep: (step) => {
      if (step === stopAt) stop.abort();
      if (first) meanwhile?.().then(() => stop.abort());
      first = false;
    },
  });
}

async function tensorsOf(name: string) {
  const { step, tensors } = await readCheckpoint(join(folder, name), 'latest');
  const bytes = Object.entries(tensors).map(([key, { data }]) => {
    return [key, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')];
  });
  return { step, tensors: Object.fromEntries(bytes) };
}

async function statesOf(name: string): Promise<State> {
  const { tensors } = await readCheckpoint(join(folder, name), 'latest');
  return Object.fromEntries(
    Object.entries(tensors).map(([key, { data }]) => [key, data as Float32Array]),
  );
}

describe('resuming', () => {
  test('N steps and M more are N + M steps, bit for bit, wherever training stopped', async () => {
    await run('whole', { steps: 11 });
    // Several steps are run at once, up to a checkpoint: this one cuts them elsewhere.
    const every = { metrics: 2, checkpoint: 5 };
    const stopped = await run('parts', { steps: 11, stopAt: 5, changes: { every } });
    expect(stopped).toMatchObject({ step: 5, interrupted: true });
    const finished = await run('parts', { steps: 11, resume: true });
    expect(finished).toMatchObject({ step: 11, interrupted: false });
    const [whole, parts] = [await tensorsOf('whole'), await tensorsOf('parts')];
    expect(parts).toEqual(whole);
    // Not because nothing was trained.
    expect(new Set(Object.values(whole.tensors)).size).toBeGreaterThan(15);
  });

  test.each<[EngineName, EngineName]>([
    ['onnxruntime', 'tensorflow'],
    ['tensorflow', 'onnxruntime'],
  ])('a run of the %s engine goes on with the %s engine', async (first, second) => {
    // Epsilon as in test/parity.ts, which says why.
    const changes = { adam: { epsilon: 1e-3 } };
    const [whole, parts] = [`only-${second}`, `${first}-${second}`];
    await run(whole, { steps: 12, changes, engine: second });
    await run(parts, { steps: 6, changes, engine: first });
    expect((await readRun(join(folder, parts))).engine).toBe(first);
    await run(parts, { steps: 12, changes, engine: second, resume: true });
    expect((await readRun(join(folder, parts))).engine).toBe(second);
    const [a, b] = [await statesOf(whole), await statesOf(parts)];
    const config = resolveConfig([['the test', settings]]);
    const recipe = buildRecipe(resolveGan(config, squares), config, squares);
    const initial = initialState(recipe, 0);
    // As in test/parity.slow.test.ts: the engines add up in other orders.
    const { state, where } = compareStates(initial, a, b);
    expect(state, where).toBeLessThan(1e-3);
  });

  describe('metrics', () => {
    const path = () => join(folder, 'metrics', 'metrics.jsonl');
    let whole: string[];
    beforeAll(async () => {
      await run('metrics', { steps: 4 });
      whole = readFileSync(path(), 'utf8').trim().split('\n');
      expect(whole.map((line) => JSON.parse(line).step)).toEqual([2, 4, 4]);
    });

    /** Goes on with lines that were logged: what is kept of them, and what is told. */
    async function goOn(logged: string) {
      writeFileSync(path(), logged);
      const notices: string[] = [];
      const onNotice = (line: string) => notices.push(line.replace(path(), 'FILE'));
      await run('metrics', { steps: 4, resume: true, onNotice });
      return { kept: readFileSync(path(), 'utf8'), notices };
    }

    test.each<[string, (lines: string[]) => string]>([
      ['as they are', (lines) => `${lines.join('\n')}\n`],
      ['later ones', (lines) => `${lines.join('\n')}\n{"step":6,"dLoss":1}\n`],
      ['half a line', (lines) => `${lines.join('\n')}\n{"step":6,"dLoss":1}\n{"step":8,"dLo`],
      ['lines without text', (lines) => `\n${lines.join('\n\n')}\n \n`],
    ])('that were logged after the checkpoint are dropped: %s', async (_, log) => {
      expect(await goOn(log(whole))).toEqual({ kept: `${whole.join('\n')}\n`, notices: [] });
    });

    test.each<[string, (lines: [string, string, string]) => string[], number[], string]>([
      ['a damaged line', ([a, b, c]) => [a, b.slice(9), c], [0, 2], '1 damaged line was left out'],
      [
        'no step',
        ([a, b, c]) => ['{"step":null}', a, 'null', b, c],
        [0, 1, 2],
        '2 damaged lines were left out',
      ],
      ['a cut', ([a, b]) => [a, b.slice(0, 9)], [0], 'lines are missing up to step 4'],
      ['no scores', ([a, b]) => [a, b], [0, 1], 'lines are missing up to step 4'],
      [
        'both',
        ([a, b]) => ['#', b, a],
        [1, 0],
        '1 damaged line was left out, and lines are missing up to step 4',
      ],
      ['nothing', () => [], [], 'lines are missing up to step 4'],
      ['other lines', () => ['{"step":', '-'], [], 'lines are missing up to step 4'],
    ])(
      'that were cut or edited are kept as far as they are whole, and told: %s',
      async (_, log, kept, said) => {
        const lines = log(whole as [string, string, string]);
        expect(await goOn(lines.map((line) => `${line}\n`).join(''))).toEqual({
          kept: kept.map((i) => `${whole[i]}\n`).join(''),
          notices: [`FILE was cut or edited: ${said}`],
        });
      },
    );
  });
});

describe('the best checkpoint', () => {
  /** A run of 8 steps whose best is put at step 4: `best` says, and may spoil, what is there. */
  async function runWithBest(name: string, best: string, spoil: (path: string) => void) {
    await run(name, { steps: 8 });
    writeFileSync(join(folder, name, 'best'), best);
    spoil(join(folder, name, 'checkpoints', 'step-000004.safetensors'));
  }
  /** Goes on to 12 steps. Gives what "best" says in the end, and what was told. */
  async function goOn(name: string) {
    const notices: string[] = [];
    await run(name, { steps: 12, resume: true, onNotice: (line) => notices.push(line) });
    return { best: readFileSync(join(folder, name, 'best'), 'utf8'), notices };
  }
  const damage = (path: string) => writeFileSync(path, 'nonsense');

  test.each<[string, (path: string) => void]>([
    ['damaged', damage],
    ['missing', rmSync],
  ])('need not be whole to go on, but %s', async (how, spoil) => {
    // No checkpoint will be as good.
    const best = 'step-000004.safetensors\n{"swd":1e-9}\n';
    await runWithBest(how, best, spoil);
    expect(await goOn(how)).toEqual({ best, notices: [] });
  });

  test('is replaced by a better one, whose score is noted', async () => {
    await runWithBest('worse', 'step-000004.safetensors\n{"swd":1e9}\n', damage);
    const { best, notices } = await goOn('worse');
    expect(notices).toEqual([]);
    const [name, scores] = best.split('\n');
    expect(name).toMatch(/^step-0000(08|12)\.safetensors$/);
    const checkpoint = await readCheckpoint(join(folder, 'worse'), 'best');
    expect(JSON.parse(scores!)).toEqual(checkpoint.scores);
  });

  test('has its score in itself where the pointer has none, as ganport 0.1.0 wrote it', async () => {
    const name = 'step-000004.safetensors\n';
    await runWithBest('old', name, () => {});
    const { tensors, step, path } = await readCheckpoint(join(folder, 'old'), 'best');
    const metadata = { format: 'ganport-checkpoint-1', step: String(step) };
    await writeWeights(path, tensors, { ...metadata, scores: '{"swd":1e-9}' });
    expect(await goOn('old')).toEqual({ best: name, notices: [] });
  });

  test('is chosen anew where there is no score, which is told', async () => {
    await runWithBest('unknown', 'step-000004.safetensors\n', damage);
    const { best, notices } = await goOn('unknown');
    expect(best).toMatch(/^step-0000(08|12)\.safetensors\n\{"swd":/);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(
      /step-000004\.safetensors.*; the best is looked for from step 8 on$/,
    );
  });
});

test('a run that was ended before its first checkpoint starts again, which is told', async () => {
  await run('fresh', { steps: 8 });
  await run('early', { steps: 8 });
  // As it was before its first checkpoint, but for metrics and samples.
  for (const name of ['latest', 'best', 'checkpoints']) {
    rmSync(join(folder, 'early', name), { recursive: true });
  }
  const notices: string[] = [];
  await run('early', { steps: 8, resume: true, onNotice: (line) => notices.push(line) });
  expect(notices).toEqual([
    `${join(folder, 'early')} has no checkpoint yet: it starts again from step 0`,
  ]);
  const path = (name: string, file: string) => readFileSync(join(folder, name, file));
  const parts = ['latest', 'best', 'metrics.jsonl', 'checkpoints/step-000008.safetensors'];
  for (const part of parts) expect(path('early', part)).toEqual(path('fresh', part));
});

test('a run is not trained twice at once', async () => {
  await run('busy', { steps: 4 });
  const refusals: string[] = [];
  const meanwhile = async () => {
    for (const resume of [true, false]) {
      await run('busy', { steps: 100_000, resume }).catch(({ message }) => refusals.push(message));
    }
  };
  const { step } = await run('busy', { steps: 100_000, resume: true, meanwhile });
  expect(step).toBeLessThan(100_000);
  expect(refusals).toEqual([
    expect.stringMatching(/busy is in use: process \d+ on .* trains there/),
    expect.stringMatching(/busy is not empty.*--resume/),
  ]);
  expect(existsSync(join(folder, 'busy', 'lock'))).toBe(false);
});

test.each(['onnxruntime', 'tensorflow'] as const)(
  'what stops training is heard between steps of the %s engine',
  async (engine) => {
    const every = { metrics: 1000, checkpoint: 1000 };
    const changes = { every };
    const { step, interrupted } = await run(`stopped ${engine}`, {
      ...{ steps: 1000, engine, meanwhile: () => setTimeout(50), changes },
    });
    expect(interrupted).toBe(true);
    expect(step).toBeLessThan(1000);
  },
);

test('a signal that comes between two steps ends training after the next, with its checkpoint', async () => {
  const stop = new AbortController();
  const { step, interrupted } = await train({
    config: resolveConfig([['the test', { ...settings, steps: 50 }]]),
    ...{ dataset: squares, engine: 'onnxruntime', device: 'cpu', threads: 1, tf32: false },
    ...{ versions: {}, folder: join(folder, 'between'), resume: false, signal: stop.signal },
    // When the loop has looked at the signal, and leaves the thread to others.
    onStep: (step) => step === 3 && setImmediate(() => stop.abort()),
  });
  expect(interrupted).toBe(true);
  expect((await tensorsOf('between')).step).toBe(step);
});

describe('a run folder', () => {
  test('says what was trained on what', async () => {
    await run('described', { steps: 4 });
    const { config, dataset, engine, device, threads } = await readRun(join(folder, 'described'));
    expect(config).toMatchObject({ name: 'tiny', seed: 0, batch: 8, loss: 'bce', ema: 0.9 });
    expect(dataset).toEqual({ name: 'squares', count: 50, sha256: squares.sha256 });
    expect({ engine, device, threads }).toEqual({
      engine: 'onnxruntime',
      device: 'cpu',
      threads: 1,
    });
  });

  test('is not written over', async () => {
    await run('taken', { steps: 1 });
    await expect(run('taken', { steps: 1 })).rejects.toThrow(/taken is not empty.*--resume/);
  });

  test('keeps its last checkpoint when training diverges', async () => {
    await run('diverging', { steps: 4 });
    const before = await tensorsOf('diverging');
    const adam = { learningRate: 1e30, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    await expect(run('diverging', { steps: 40, resume: true, beyond: { adam } })).rejects.toThrow(
      /diverged: at step \d+ (there is|\w+ is) (NaN|-?Infinity), after going back to step 4 with the learning rate 5e\+29, .*lower learning rate, now 1.25e\+29: --resume \S+ --learning-rate 1.3e\+28/,
    );
    expect(await tensorsOf('diverging')).toEqual(before);
  });

  test('keeps its last checkpoint when memory does not suffice to go on', async () => {
    // Without weights of its own, so that the checkpoint fits; 275 GB for a batch of 8,192.
    const enlarged = (scale: number) => [
      { type: 'upsample2d', name: 'up', scale },
      { type: 'upsample2d', name: 'again', scale },
      { type: 'avgPool2d', name: 'down', kernel: scale ** 2 },
    ];
    const discriminator = (scale: number) => ({
      inputs: { image: [1, 8, 8] },
      layers: [...enlarged(scale), { type: 'flatten' }, { type: 'dense', name: 'out', units: 1 }],
    });
    const small = { discriminator: discriminator(2) };
    await run('large', { steps: 4, changes: small });
    const before = await tensorsOf('large');
    const changes = { discriminator: discriminator(16), batch: 8192 };
    await expect(run('large', { steps: 8, resume: true, changes })).rejects.toThrow(
      /^training may need up to \d+\.\d GB of memory, and \d+\.\d GB are available: try a smaller --batch$/,
    );
    expect(await tensorsOf('large')).toEqual(before);
  });
});

test('a configuration that does not fit is refused, naming the network', async () => {
  const reshaped = structuredClone(settings);
  reshaped.generator.layers.pop();
  reshaped.generator.layers.push({ type: 'reshape', shape: [1, 4, 16] } as never);
  await expect(
    run('misfit', { steps: 1, changes: { generator: reshaped.generator } }),
  ).rejects.toThrow('generator: its output is [1,4,16], but the discriminator takes [1,8,8]');
});
