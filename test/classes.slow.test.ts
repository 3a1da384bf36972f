/** Pictures of a class: from labelled data to a picture that was asked for. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportGenerator } from '../packages/export/src/index.ts';
import { ModelError } from '../packages/model/src/index.ts';
import { openProgram } from '../packages/runtime/src/node.ts';
import { openSampler, type Sampler } from '../packages/sample/src/index.ts';
import { createApp, createService, oneModel } from '../packages/serve/src/index.ts';
import { memoryDataset, resolveConfig, resolveGan, train } from '../packages/train/src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'ganport-classes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Images of 2 × 2 pixels: dark ones, grey ones and bright ones, whose names say so. */
const LEVELS = [20, 128, 235];
const labels = Uint8Array.from({ length: 96 }, (_, i) => i % 3);
const dataset = memoryDataset({
  ...{ name: 'shades', height: 2, width: 2, channels: 1, labels },
  classes: ['dark', 'grey', 'bright'],
  images: Uint8Array.from({ length: 96 * 4 }, (_, i) => {
    return LEVELS[labels[i >> 2]!]! + ((i * 7) % 11) - 5;
  }),
});

/** @param tells the discriminator also tells the class (ACGAN), rather than being given it (CGAN) */
const settings = (tells: boolean) => ({
  ...{ preset: 'mlp' as const, name: tells ? 'acgan' : 'cgan', batch: 24, ema: 0.9 },
  adam: { learningRate: 0.005, beta1: 0.5, beta2: 0.99 },
  every: { metrics: 50, checkpoint: 100 },
  generator: {
    inputs: { z: [3], label: { classes: 3 } },
    layers: [
      { type: 'embedding', name: 'class', from: 'label', units: 3 },
      { type: 'concat', from: ['z', 'class'] },
      { type: 'dense', units: 16 },
      { type: 'relu' },
      { type: 'dense', units: 4 },
      { type: 'tanh' },
      { type: 'reshape', shape: [1, 2, 2] },
    ],
  },
  discriminator: tells
    ? {
        inputs: { image: [1, 2, 2] },
        layers: [
          { type: 'flatten' },
          { type: 'dense', units: 16 },
          { type: 'leakyRelu', slope: 0.2, name: 'seen' },
          { type: 'dense', units: 3, name: 'kinds' },
          { type: 'dense', units: 1, name: 'real', from: 'seen' },
        ],
        output: 'real',
        outputs: { classes: 'kinds' },
      }
    : {
        inputs: { image: [1, 2, 2], label: { classes: 3 } },
        layers: [
          { type: 'flatten', name: 'pixels', from: 'image' },
          { type: 'embedding', name: 'class', from: 'label', units: 3 },
          { type: 'concat', from: ['pixels', 'class'] },
          { type: 'dense', units: 16 },
          { type: 'leakyRelu', slope: 0.2 },
          { type: 'dense', units: 1 },
        ],
      },
});

const trained = (name: string, tells: boolean, options: object = {}) =>
  train({
    config: resolveConfig([['the test', { ...settings(tells), steps: 400, ...options }]]),
    dataset,
    ...{ engine: 'onnxruntime', device: 'cpu', threads: 1, tf32: false, versions: {} },
    ...{ folder: join(folder, name), resume: false },
  });

const open = (model: Uint8Array) => openProgram(model, { device: 'cpu', threads: 1 });

/** The mean level of pictures. */
async function level(sampler: Sampler, label?: number): Promise<number> {
  const { data } = await sampler.sample({ seed: 3, count: 60, label });
  return data.reduce((sum, x) => sum + x, 0) / data.length;
}

describe.each([
  ['given the class', false],
  ['telling the class', true],
])('a discriminator %s', (_, tells) => {
  let sampler: Sampler;
  const name = tells ? 'acgan' : 'cgan';
  beforeAll(async () => {
    await trained(name, tells);
    const { model } = await exportGenerator(join(folder, name), { version: 'test' });
    sampler = await openSampler({ model, open });
  });
  afterAll(() => sampler.close());

  test('teaches the generator to draw what is asked for', async () => {
    for (const [label, expected] of LEVELS.entries()) {
      expect(Math.abs((await level(sampler, label)) - expected)).toBeLessThan(40);
    }
  });

  test('pictures of no class in particular take turns, from whichever is first', async () => {
    const one = async (start: number, label?: number) =>
      (await sampler.sample({ seed: 3, start, count: 1, label })).data;
    const all = (await sampler.sample({ seed: 3, start: 4, count: 5 })).data;
    for (let i = 0; i < 5; i++) {
      const expected = await one(4 + i, (4 + i) % 3);
      expect(all.subarray(4 * i, 4 * i + 4)).toEqual(expected);
      expect(await one(4 + i)).toEqual(expected);
    }
  });

  test('generator.onnx names its classes, in its second format', () => {
    expect(sampler.metadata).toMatchObject({ format: 2, classes: ['dark', 'grey', 'bright'] });
  });

  test('a label that is none is refused', async () => {
    for (const label of [-1, 3, 0.5, Number.NaN]) {
      await expect(sampler.sample({ seed: 1, label })).rejects.toThrow(
        `label: expected an integer from 0 to 2, got ${label}`,
      );
    }
  });
});

test('a run of classes goes on as if it had not ended, and TensorFlow.js goes on with it', async () => {
  const run = join(folder, 'whole');
  const files = (name: string) =>
    readFileSync(join(folder, name, 'checkpoints/step-000006.safetensors'));
  await trained('whole', true, { steps: 6 });
  await trained('parts', true, { steps: 4 });
  const config = resolveConfig([['the test', { ...settings(true), steps: 6 }]]);
  const rest = { device: 'cpu', threads: 1, tf32: false, versions: {}, resume: true } as const;
  const onwards = { config, dataset, ...rest, folder: join(folder, 'parts') } as const;
  await train({ ...onwards, engine: 'onnxruntime' });
  expect(files('parts').equals(files('whole'))).toBe(true);
  const more = resolveConfig([['the test', { ...settings(true), steps: 8 }]]);
  const [ours, theirs] = [
    await train({ ...onwards, config: more, engine: 'onnxruntime' }),
    await train({ ...onwards, config: more, folder: run, engine: 'tensorflow' }),
  ];
  expect(theirs.scores.swd).toBeCloseTo(ours.scores.swd!, 4);
});

test('a service draws the class that is asked for, and says what there is', async () => {
  const { model } = await exportGenerator(join(folder, 'cgan'), { version: 'test' });
  const sampler = await openSampler({ model, open });
  const generator = {
    sampler,
    device: 'cpu',
    why: '',
    file: model,
    sha256: 'a'.repeat(64),
  } as const;
  const server = createServer(
    createApp({ models: oneModel(createService(generator)), pageDir: folder }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/images/3`;
  const get = async (query: string) => {
    const response = await fetch(`${at}${query}`);
    return { response, bytes: new Uint8Array(await response.arrayBuffer()) };
  };
  try {
    const bright = await get('?count=60&format=raw&class=bright');
    const { data } = await sampler.sample({ seed: 3, count: 60, label: 2 });
    expect(bright.bytes).toEqual(data);
    expect((await get('?count=60&format=raw&class=2')).bytes).toEqual(data);
    const [one, other] = [await get('/0.png?class=dark'), await get('/0.png?class=bright')];
    expect(one.response.headers.get('etag')).not.toBe(other.response.headers.get('etag'));
    const refused = await get('/0.png?class=pink');
    expect(refused.response.status).toBe(400);
    expect(Buffer.from(refused.bytes).toString()).toContain(
      'class: there is no class \\"pink\\": expected dark, grey, bright, or an index from 0 to 2',
    );
  } finally {
    server.closeAllConnections();
    server.close();
    await sampler.close();
  }
});

const { labels: _, classes: __, ...unlabelled } = dataset;

test.each<[string, object, object, string]>([
  [
    'data without labels',
    {},
    unlabelled,
    'shades has no labels, and these networks take classes: choose data with labels, or networks without',
  ],
  [
    'data of other classes',
    {},
    { classes: ['dark', 'bright'] },
    'generator: its label is of 3 classes, but shades has 2: dark, bright',
  ],
  [
    'a label that is a vector',
    {
      generator: {
        ...settings(false).generator,
        inputs: { z: [3], label: [3] },
        layers: settings(false)
          .generator.layers.slice(1)
          .map((layer) => ('from' in layer ? { type: 'concat', from: ['z', 'label'] } : layer)),
      },
    },
    {},
    'generator: its label is a tensor of [3]: expected "label": { "classes": 3 }, of which an embedding layer makes one',
  ],
  [
    'a generator that takes none',
    { generator: { inputs: { z: [3] }, layers: settings(false).generator.layers.slice(2) } },
    {},
    'generator: expected an input "label" too, as the discriminator judges by classes',
  ],
])('%s are refused', (what, changes, data, message) => {
  const config = resolveConfig([['the test', { ...settings(false), ...changes }]]);
  const given = what === 'data without labels' ? unlabelled : { ...dataset, ...data };
  expect(() => resolveGan(config, given)).toThrow(new ModelError(message));
});
