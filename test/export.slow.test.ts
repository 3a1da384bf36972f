import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ExportOptions, exportGenerator } from '../packages/export/src/index.ts';
import {
  checkGeneratorDigest,
  latentBatch,
  readGeneratorMetadata,
  resolveNetwork,
} from '../packages/model/src/index.ts';
import { readCheckpoint, readRun } from '../packages/model/src/node.ts';
import { forward } from '../packages/model/test/reference-network.ts';
import { checkModel, decodeModel } from '../packages/onnx/src/index.ts';
import { SIZE, trainSmall } from './small-run.ts';

const OPTIONS: ExportOptions = { version: '1.2.3' };

let root: string;
const runs = {} as Record<'grey' | 'colour', string>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ganport-export-'));
  runs.grey = join(root, 'grey');
  runs.colour = join(root, 'colour');
  await trainSmall(runs.grey, { channels: 1, ema: 0 });
  await trainSmall(runs.colour, { channels: 3, ema: 0.9 });
});

afterAll(() => rm(root, { recursive: true, force: true }));

/** Images of latents(seed, 0 … count − 1). */
async function draw(model: Uint8Array, seed: number, count: number): Promise<ort.Tensor> {
  const session = await ort.InferenceSession.create(model);
  try {
    const z = new ort.Tensor('float32', latentBatch(seed, 0, count, 6), [count, 6]);
    return (await session.run({ z })).image!;
  } finally {
    await session.release();
  }
}

/** The trained network's images [count, C, H, W] in −1…1, in plain arithmetic. */
async function drawTrained(folder: string, seed: number, count: number): Promise<number[]> {
  const { config } = await readRun(folder);
  const { tensors } = await readCheckpoint(folder, 'latest');
  const network = resolveNetwork(config.generator, 'generator');
  const weights = network.parameters.map(({ name, shape }) => {
    const tensor = tensors[`ema.generator.${name}`] ?? tensors[`generator.${name}`]!;
    return [name, { shape, data: tensor.data as Float32Array }] as const;
  });
  const z = { shape: [count, 6], data: latentBatch(seed, 0, count, 6) };
  const { outputs } = forward(network, { z }, Object.fromEntries(weights), false);
  return Array.from(outputs.output!.data);
}

/** [N, C, H, W] in −1…1 to levels [N, H, W, C], not rounded. */
function levels(images: readonly number[], channels: number): number[] {
  const area = SIZE * SIZE;
  return images.map((_, i) => {
    const [image, pixel, channel] = [
      Math.floor(i / (area * channels)),
      Math.floor(i / channels) % area,
      i % channels,
    ];
    return (images[(image * channels + channel) * area + pixel]! + 1) * 127.5;
  });
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a).toHaveLength(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

describe.each([
  ['grey', 1],
  ['colour', 3],
] as const)('a %s generator', (kind, channels) => {
  test.each([1, 3])('draws bytes as the network that was trained, %i at once', async (count) => {
    const { model } = await exportGenerator(runs[kind], OPTIONS);
    const image = await draw(model, 9, count);
    expect(image).toMatchObject({ type: 'uint8', dims: [count, SIZE, SIZE, channels] });
    const expected = levels(await drawTrained(runs[kind], 9, count), channels);
    // A level is rounded: half of one, and float32's error.
    expect(largestDifference(image.data as Uint8Array, expected)).toBeLessThan(0.51);
    // Noise: a picture of one level would be the same in any layout.
    expect(new Set(expected.map(Math.round)).size).toBeGreaterThan(20);
  });

  test.each([1, 3])('draws floats as the network that was trained, %i at once', async (count) => {
    const { model } = await exportGenerator(runs[kind], { ...OPTIONS, output: 'float32' });
    const image = await draw(model, 9, count);
    expect(image).toMatchObject({ type: 'float32', dims: [count, channels, SIZE, SIZE] });
    const expected = await drawTrained(runs[kind], 9, count);
    expect(largestDifference(image.data as Float32Array, expected)).toBeLessThan(1e-4);
  });

  test('has the golden images it says it draws', async () => {
    const { model, metadata } = await exportGenerator(runs[kind], OPTIONS);
    const { seed, count, images } = metadata.golden;
    const drawn = await draw(model, seed, count);
    expect(Buffer.from(images, 'base64')).toEqual(Buffer.from(drawn.data as Uint8Array));
  });
});

test('is a valid graph of what WebGPU runs, without batch normalisation', async () => {
  const { model, verified } = await exportGenerator(runs.grey, OPTIONS);
  const decoded = decodeModel(model);
  expect(() => checkModel(decoded)).not.toThrow();
  const { graph, irVersion, opsetImport, producerName, producerVersion } = decoded;
  expect({ irVersion, opsetImport, producerName, producerVersion }).toEqual({
    irVersion: 8n,
    opsetImport: [{ domain: '', version: 17n }],
    producerName: 'ganport',
    producerVersion: '1.2.3',
  });
  expect(graph!.node.map(({ opType }) => opType)).toEqual(
    'Gemm Reshape Relu ConvTranspose Relu Conv Tanh Mul Add Clip Reshape Cast'.split(' '),
  );
  expect(graph!.input.map(({ name }) => name)).toEqual(['z']);
  expect(graph!.output.map(({ name }) => name)).toEqual(['image']);
  expect(verified.float).toBeLessThan(1e-4);
  expect(verified.levels).toBeLessThanOrEqual(1);
});

test('is the same bytes from the same run and options, and leaves the run as it was', async () => {
  const files = await readdir(runs.grey, { recursive: true });
  const [first, second] = [
    await exportGenerator(runs.grey, OPTIONS),
    await exportGenerator(runs.grey, OPTIONS),
  ];
  expect(Buffer.compare(first.model, second.model)).toBe(0);
  expect(await readdir(runs.grey, { recursive: true })).toEqual(files);
  const other = await exportGenerator(runs.grey, { ...OPTIONS, output: 'float32' });
  expect(Buffer.compare(first.model, other.model)).not.toBe(0);
});

test.each([17, 18, 19, 20, 21])('opset %i draws the same pictures', async (opset) => {
  const { model } = await exportGenerator(runs.colour, { ...OPTIONS, opset });
  const decoded = decodeModel(model);
  expect(() => checkModel(decoded)).not.toThrow();
  expect(decoded.opsetImport[0]!.version).toBe(BigInt(opset));
  const reference = await exportGenerator(runs.colour, OPTIONS);
  expect((await draw(model, 9, 3)).data).toEqual((await draw(reference.model, 9, 3)).data);
});

test.each([16, 22, 17.5, Number.NaN])('opset %d is refused', async (opset) => {
  await expect(exportGenerator(runs.grey, { ...OPTIONS, opset })).rejects.toThrow(
    `opset ${opset} is not supported: expected 17 to 21`,
  );
});

describe('metadata', () => {
  test('can be read back, and say where the model comes from', async () => {
    const { model, metadata } = await exportGenerator(runs.colour, OPTIONS);
    expect(readGeneratorMetadata(model)).toEqual(metadata);
    // Refuses a digest that is not the file's.
    expect(metadata.digest).toMatch(/^[0-9a-f]{64}$/);
    await checkGeneratorDigest(model, metadata);
    const run = await readRun(runs.colour);
    const { sha256, step, scores } = await readCheckpoint(runs.colour, 'latest');
    expect(scores.swd).toBeGreaterThan(0);
    expect(metadata).toMatchObject({
      name: 'small',
      latent: { size: 6, distribution: 'normal' },
      image: { width: SIZE, height: SIZE, channels: 3, output: 'uint8' },
      provenance: {
        dataset: { name: 'noise', sha256: '0'.repeat(64) },
        weights: sha256,
        seed: 3,
        steps: step,
        versions: { ganport: 'test', export: '1.2.3' },
      },
      scores,
    });
    expect(metadata.provenance.config).toEqual(JSON.parse(JSON.stringify(run.config)));
  });

  test.each([
    ['best', 4],
    ['latest', 6],
  ] as const)('are of the checkpoint that was asked for: %s', async (checkpoint, steps) => {
    const folder = join(root, `pointed-${checkpoint}`);
    await cp(runs.grey, folder, { recursive: true });
    await writeFile(join(folder, 'best'), 'step-000004.safetensors');
    const { metadata } = await exportGenerator(folder, { ...OPTIONS, checkpoint });
    const { sha256 } = await readCheckpoint(folder, checkpoint);
    expect(metadata.provenance).toMatchObject({ steps, weights: sha256 });
  });
});
