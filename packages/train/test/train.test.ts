import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCheckpoint, readRun } from '@ganport/model/node';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type EngineName,
  initialState,
  memoryDataset,
  resolveConfig,
  resolveGan,
  type State,
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
    stopAt?: number;
    /** Milliseconds after the first step at which a timer stops it, as a signal would. */
    stopAfter?: number;
    engine?: EngineName;
  },
) {
  const {
    steps,
    resume = false,
    changes = {},
    stopAt,
    stopAfter,
    engine = 'onnxruntime',
  } = options;
  const stop = new AbortController();
  return train({
    config: resolveConfig([['the test', { ...settings, steps, ...changes }]]),
    dataset: squares,
    engine,
    device: 'cpu',
    threads: 1,
    tf32: false,
    versions: { ganport: 'test' },
    folder: join(folder, name),
    resume,
    signal: stop.signal,
    onStep: (step) => {
      if (step === stopAt) stop.abort();
      if (step === 1 && stopAfter !== undefined) setTimeout(() => stop.abort(), stopAfter);
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
    const initial = initialState(
      resolveGan(resolveConfig([['the test', settings]]), squares),
      0,
      0.9,
    );
    // As in test/parity.test.ts: the engines add up in other orders.
    const { state, where } = compareStates(initial, a, b);
    expect(state, where).toBeLessThan(1e-3);
  });

  test('drops metrics logged after the checkpoint, so that none is there twice', async () => {
    await run('metrics', { steps: 4 });
    const path = join(folder, 'metrics', 'metrics.jsonl');
    const before = readFileSync(path, 'utf8');
    const { appendFileSync } = await import('node:fs');
    appendFileSync(path, '{"step":6,"dLoss":1}\n{"step":8,"dLo');
    await run('metrics', { steps: 8, resume: true });
    const after = readFileSync(path, 'utf8');
    expect(after.startsWith(before)).toBe(true);
    const steps = after
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).step);
    expect(steps).toEqual([2, 4, 4, 6, 8, 8]);
  });
});

test.each(['onnxruntime', 'tensorflow'] as const)(
  'what stops training is heard between steps of the %s engine',
  async (engine) => {
    const every = { metrics: 1000, checkpoint: 1000 };
    const changes = { every };
    const { step, interrupted } = await run(`stopped ${engine}`, {
      ...{ steps: 1000, engine, stopAfter: 50, changes },
    });
    expect(interrupted).toBe(true);
    expect(step).toBeLessThan(1000);
  },
);

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
    const changes = { adam: { learningRate: 1e30 } };
    await expect(run('diverging', { steps: 40, resume: true, changes })).rejects.toThrow(
      /diverged: at step \d+ the losses are .*lower learning rate/,
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
      /^cpu ran out of memory with a batch of 8192 images \(\d+\.\d MB more were asked for\): try a smaller --batch$/,
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
