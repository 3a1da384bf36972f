/** Run folder → generator.onnx, through the packages' own entry points. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportGenerator } from '@ganport/export';
import { imageBytes, latentBatch, readGeneratorMetadata } from '@ganport/model';
import { readCheckpoint } from '@ganport/model/node';
import { checkModel, decodeModel } from '@ganport/onnx';
import { type Dataset, resolveConfig, resolveGan, train } from '@ganport/train';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const parent = mkdtempSync(join(tmpdir(), 'ganport-export-'));
const folder = join(parent, 'run');
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const CHANNELS = 3;
const SIDE = 8;

/** Every kind of layer that batch normalisation folds into, and one norm that cannot be folded. */
const generator = {
  inputs: { z: [5] },
  layers: [
    { type: 'dense', units: 4 * 4 * 4, bias: false },
    { type: 'reshape', shape: [4, 4, 4] },
    { type: 'batchNorm' },
    { type: 'relu' },
    { type: 'convTranspose2d', filters: 6, kernel: 4, stride: 2, pad: 1 },
    { type: 'batchNorm' },
    { type: 'relu' },
    { type: 'batchNorm' },
    { type: 'conv2d', filters: 5, kernel: 3, pad: 1, bias: false },
    { type: 'batchNorm' },
    { type: 'relu' },
    { type: 'conv2d', filters: CHANNELS, kernel: 1 },
    { type: 'tanh' },
  ],
};

const config = resolveConfig([
  [
    'the test',
    {
      name: 'colours',
      generator,
      discriminator: {
        inputs: { image: [CHANNELS, SIDE, SIDE] },
        layers: [{ type: 'flatten' }, { type: 'dense', units: 1 }],
      },
      batch: 8,
      steps: 30,
      adam: { learningRate: 0.02 },
      every: { checkpoint: 30 },
    },
  ],
]);

beforeAll(async () => {
  const count = 40;
  const images = Uint8Array.from(
    { length: count * SIDE * SIDE * CHANNELS },
    (_, i) => (i * i) % 251,
  );
  const dataset: Dataset = {
    name: 'noise',
    count,
    height: SIDE,
    width: SIDE,
    channels: CHANNELS,
    images,
    sha256: 'none',
  };
  await train({
    config,
    dataset,
    ort,
    device: 'cpu',
    threads: 1,
    versions: {},
    folder,
    resume: false,
  });
});

const options = { ort, version: '1.2.3' };

async function draw(model: Uint8Array, z: Float32Array, count: number) {
  const session = await ort.InferenceSession.create(model);
  const { image } = await session.run({ z: new ort.Tensor('float32', z, [count, 5]) });
  await session.release();
  return { dims: image!.dims, data: image!.data as Float32Array | Uint8Array };
}

/** The trained generator in plain double precision: no graph, nothing folded. */
async function reference(z: Float32Array, count: number): Promise<Float32Array> {
  const { tensors } = await readCheckpoint(folder, 'latest');
  const { generator } = resolveGan(config, {
    name: '',
    channels: CHANNELS,
    height: SIDE,
    width: SIDE,
  });
  const w = (name: string) => tensors[`generator.${name}`]!.data as Float32Array;
  const out = new Float32Array(count * CHANNELS * SIDE * SIDE);
  for (let n = 0; n < count; n++) {
    let x: number[] = [...z.subarray(n * 5, n * 5 + 5)];
    let shape: readonly number[] = [5];
    for (const { name, type, shape: next, options } of generator.layers) {
      x = forward(type, options as never, x, shape, next, (part) => w(`${name}.${part}`));
      shape = next;
    }
    out.set(x, n * x.length);
  }
  return out;
}

interface Options {
  bias?: boolean;
  epsilon?: number;
  kernel: [number, number];
  stride: [number, number];
  pad: [number, number];
}

function forward(
  type: string,
  { bias = true, epsilon = 0, kernel, stride, pad }: Options,
  x: number[],
  shape: readonly number[],
  next: readonly number[],
  w: (part: string) => Float32Array,
): number[] {
  if (type === 'relu') return x.map((v) => Math.max(v, 0));
  if (type === 'tanh') return x.map(Math.tanh);
  if (type === 'reshape') return x;
  if (type === 'dense') {
    const row = (unit: number) =>
      x.reduce((sum, v, i) => sum + v * w('weight')[unit * x.length + i]!, 0);
    return Array.from({ length: next[0]! }, (_, unit) => row(unit) + (bias ? w('bias')[unit]! : 0));
  }
  if (type === 'batchNorm') {
    const area = x.length / shape[0]!;
    return x.map((v, i) => {
      const c = Math.floor(i / area);
      const unit = (v - w('running_mean')[c]!) / Math.sqrt(w('running_var')[c]! + epsilon);
      return unit * w('weight')[c]! + w('bias')[c]!;
    });
  }
  const [inputs, h, width] = shape as [number, number, number];
  const [outputs, h2, w2] = next as [number, number, number];
  const [kh, kw] = kernel;
  const y = Array.from({ length: outputs * h2 * w2 }, (_, i) =>
    bias ? w('bias')[Math.floor(i / (h2 * w2))]! : 0,
  );
  const transposed = type === 'convTranspose2d';
  // Every pair of an input and an output pixel that some tap of the kernel connects.
  for (let o = 0; o < outputs; o++)
    for (let c = 0; c < inputs; c++)
      for (let i = 0; i < kh; i++)
        for (let j = 0; j < kw; j++)
          for (let a = 0; a < (transposed ? h : h2); a++)
            for (let b = 0; b < (transposed ? width : w2); b++) {
              const [far, wide] = [a * stride[0] + i - pad[0], b * stride[1] + j - pad[1]];
              const [limit, edge] = transposed ? [h2, w2] : [h, width];
              if (far < 0 || wide < 0 || far >= limit || wide >= edge) continue;
              const from = transposed ? (c * h + a) * width + b : (c * h + far) * width + wide;
              const to = transposed ? (o * h2 + far) * w2 + wide : (o * h2 + a) * w2 + b;
              const tap = transposed
                ? ((c * outputs + o) * kh + i) * kw + j
                : ((o * inputs + c) * kh + i) * kw + j;
              y[to]! += x[from]! * w('weight')[tap]!;
            }
  return y;
}

describe('an exported generator', () => {
  test('has the same bytes twice, and passes the checker', async () => {
    const [first, second] = [
      await exportGenerator(folder, options),
      await exportGenerator(folder, options),
    ];
    expect(Buffer.from(first.model).equals(second.model)).toBe(true);
    expect(() => checkModel(decodeModel(first.model))).not.toThrow();
  });

  test.each([1, 3])('draws what was trained, in a batch of %i', async (count) => {
    const z = latentBatch(9, 0, count, 5);
    const expected = await reference(z, count);
    // Not a flat picture, which would agree with anything.
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.2);
    const float = await exportGenerator(folder, { ...options, output: 'float32' });
    const drawn = await draw(float.model, z, count);
    expect(drawn.dims).toEqual([count, CHANNELS, SIDE, SIDE]);
    const worst = Math.max(...expected.map((v, i) => Math.abs(v - drawn.data[i]!)));
    expect(worst).toBeLessThan(1e-4);

    const bytes = await draw((await exportGenerator(folder, options)).model, z, count);
    expect(bytes.dims).toEqual([count, SIDE, SIDE, CHANNELS]);
    imageBytes(expected, [CHANNELS, SIDE, SIDE]).forEach((level, i) => {
      expect(Math.abs(level - bytes.data[i]!)).toBeLessThanOrEqual(1);
    });
  });

  test('has batch normalisation folded wherever a layer can take it over', async () => {
    const { model } = await exportGenerator(folder, options);
    const ops = decodeModel(model).graph!.node.map(({ opType }) => opType);
    expect(ops.filter((op) => op === 'BatchNormalization')).toHaveLength(1);
  });

  test.each([17, 18, 19, 20, 21])('loads and draws at opset %i', async (opset) => {
    const { model, metadata } = await exportGenerator(folder, { ...options, opset });
    expect(Number(decodeModel(model).opsetImport[0]!.version)).toBe(opset);
    const { seed, count, images } = metadata.golden;
    const { data } = await draw(model, latentBatch(seed, 0, count, 5), count);
    expect(Buffer.from(data as Uint8Array).toString('base64')).toBe(images);
  });

  test.each([16, 22, 17.5])('is refused at opset %d', async (opset) => {
    await expect(exportGenerator(folder, { ...options, opset })).rejects.toThrow(
      `opset ${opset} is not supported: expected 17 to 21`,
    );
  });

  test('says what it is', async () => {
    const { model } = await exportGenerator(folder, options);
    const metadata = readGeneratorMetadata(model);
    const { sha256 } = await readCheckpoint(folder, 'latest');
    expect(metadata).toMatchObject({
      name: 'colours',
      latent: { size: 5, distribution: 'normal' },
      image: { width: SIDE, height: SIDE, channels: CHANNELS, output: 'uint8' },
      provenance: { weights: sha256, steps: 30, seed: 0, dataset: { name: 'noise' } },
    });
    expect(metadata.scores.swd).toBeGreaterThan(0);
  });

  test('is refused when it does not draw what was trained', async () => {
    // A runtime whose folded model (the one with a constant weight) draws one pixel differently.
    const create = async (model: Uint8Array) => {
      const session = await ort.InferenceSession.create(model);
      const run = async (feeds: ort.InferenceSession.FeedsType) => {
        const result = await session.run(feeds);
        if (session.inputNames.length === 1) (result.image!.data as Float32Array)[0]! += 0.001;
        return result;
      };
      return { run, release: () => session.release() };
    };
    const altered = { Tensor: ort.Tensor, InferenceSession: { create } } as unknown as typeof ort;
    await expect(exportGenerator(folder, { ...options, ort: altered })).rejects.toThrow(
      /differs from the trained one: float32 images by 0\.0\d+, expected at most 0\.0001/,
    );
  });
});

describe('a run folder that cannot be exported', () => {
  const copyOf = async (name: string, change: (path: string) => void) => {
    const { cpSync } = await import('node:fs');
    const path = join(parent, name);
    cpSync(folder, path, { recursive: true });
    change(path);
    return path;
  };
  const checkpoint = join('checkpoints', 'step-000030.safetensors');
  const edit = (file: string, change: (bytes: Buffer) => Buffer) => (path: string) =>
    writeFileSync(join(path, file), change(readFileSync(join(path, file))));

  test.each<[string, (path: string) => void, RegExp]>([
    ['truncated', edit(checkpoint, (b) => b.subarray(0, -9)), /step-000030\.safetensors/],
    [
      'flipped',
      edit(checkpoint, (b) => {
        b[b.length - 5]! ^= 4;
        return b;
      }),
      /step-000030\.safetensors/,
    ],
    ['gone', (path) => rmSync(join(path, checkpoint)), /step-000030\.safetensors/],
    ['pointless', (path) => rmSync(join(path, 'latest')), /has no "latest" checkpoint yet/],
    [
      'mispointed',
      (path) => writeFileSync(join(path, 'latest'), '../../etc'),
      /expected the name of a checkpoint/,
    ],
    ['unread', (path) => writeFileSync(join(path, 'run.json'), '{'), /run\.json is not JSON/],
    ['unfit', (path) => writeFileSync(join(path, 'run.json'), '{}'), /run\.json is not valid/],
    ['empty', (path) => rmSync(path, { recursive: true }), /is not a run folder/],
  ])('%s is refused in one line', async (name, change, message) => {
    const path = await copyOf(name, change);
    const refused = exportGenerator(path, options);
    await expect(refused).rejects.toThrow(message);
    await refused.catch((error: Error) => expect(error.message).not.toContain('\n'));
  });
});
