/** The search for a picture's latent, on generators whose pictures plain arithmetic gives. */
import {
  inferenceGraph,
  latents,
  METADATA_KEY,
  ModelError,
  numbersToBytes,
  PRESETS,
  readGeneratorMetadata,
  resolveNetwork,
} from '@ganport/model';
import {
  buildModel,
  constant,
  decodeModel,
  encodeModel,
  float32,
  input,
  ops as op,
  scalar,
  sizeOf,
} from '@ganport/onnx';
import { openProgram } from '@ganport/runtime/node';
import { describe, expect, test } from 'vitest';
import { openSampler } from '../../sample/src/index.ts';
import { buildGenerator, type FixtureOptions } from '../../sample/test/fixture.ts';
import { type InvertOptions, invert } from '../src/invert/invert.ts';
import { inversionRecipe } from '../src/invert/recipe.ts';
import { createOnnxRuntimeEngine } from '../src/onnxruntime/engine.ts';
import { feedsAt } from '../src/recipe/index.ts';

const SMALL = { latent: 6, height: 7, width: 5, channels: 3 } as const;
const OPTIONS = { starts: 4, steps: 150, learningRate: 0.1, prior: 0, seed: 42 } as const;

/** Inverts a picture on the CPU, and closes what it opens. */
async function found(model: Uint8Array, picture: Uint8Array, more: Partial<InvertOptions> = {}) {
  const sampler = await openSampler({ model, open: (m) => openProgram(m, { device: 'cpu' }) });
  try {
    return await invert({
      ...{ model, picture, device: 'cpu', ...OPTIONS },
      draw: async (z, labels) => (await sampler.draw({ latents: z, labels })).data,
      ...more,
    });
  } finally {
    await sampler.close();
  }
}

test.each<[string, FixtureOptions]>([
  ['uint8', SMALL],
  ['float32', { ...SMALL, output: 'float32' }],
  ['grey', { ...SMALL, channels: 1 }],
])('a picture of the model itself is found again: %s', async (_name, options) => {
  const { model, expected } = buildGenerator(options);
  const picture = expected(7, 3);
  const { z, rmse, picture: drawn } = await found(model, picture);
  expect(rmse).toBeLessThan(0.5);
  expect(drawn.length).toBe(picture.length);
  // 6 numbers are fewer than the pixels of a picture: there is no other latent of it.
  const wanted = latents(7, 3, SMALL.latent);
  for (const [i, value] of z.entries()) expect(value).toBeCloseTo(wanted[i]!, 1);
});

test('gradients are those of finite differences, with and without a prior', async () => {
  const { model, expected } = buildGenerator({ ...SMALL, output: 'float32' });
  const picture = expected(7, 3);
  const target = Float64Array.from(picture, (level) => level / 127.5 - 1);
  const starts = 2;
  const initial = [0, 1].flatMap((i) => [...latents(42, i, SMALL.latent)]);
  for (const prior of [0, 0.5]) {
    const options = { ...OPTIONS, starts, prior, label: undefined };
    const recipe = inversionRecipe(
      decodeModel(model),
      readGeneratorMetadata(model),
      picture,
      options,
    );
    const zeros = () => new Float32Array(initial.length);
    const state = { z: Float32Array.from(initial), adam_m: zeros(), adam_v: zeros() };
    const engine = await createOnnxRuntimeEngine(recipe, state, {
      open: (step, more) => openProgram(step, { device: 'cpu', ...more }),
    });
    const metrics = await engine.step(await feedsAt(recipe, 1));
    // Adam's first moment after one step is a tenth of the gradient.
    const gradient = (await engine.state()).adam_m!.map((m) => m * 10);
    await engine.close();
    const loss = (z: readonly number[]) => {
      const image = drawPlain(z);
      const square = image.reduce((sum, x, i) => sum + (x - target[i]!) ** 2, 0) / image.length;
      return square + (prior * z.reduce((sum, x) => sum + x * x, 0)) / SMALL.latent;
    };
    for (let start = 0; start < starts; start++) {
      const z = initial.slice(start * SMALL.latent, (start + 1) * SMALL.latent);
      if (prior === 0) expect(metrics[`distance ${start}`]).toBeCloseTo(loss(z), 4);
      z.forEach((value, i) => {
        const [above, below] = [1e-4, -1e-4].map((step) => loss(z.with(i, value + step)));
        const slope = (above! - below!) / 2e-4;
        expect(gradient[start * SMALL.latent + i]).toBeCloseTo(slope, 4);
      });
    }
  }
});

/** What the generator of SMALL draws, [H, W, C] in −1…1, by the fixture's own formula. */
function drawPlain(z: readonly number[]): Float64Array {
  const { height, width, channels } = SMALL;
  const image = new Float64Array(height * width * channels);
  for (let i = 0; i < image.length; i++) {
    const [pixel, channel] = [Math.floor(i / channels), i % channels];
    const [x, y] = [(pixel % width) / width, Math.floor(pixel / width) / height];
    image[i] = Math.tanh(
      z.reduce((sum, value, j) => {
        const wave = (1 + (j % 5)) * 3 * x + (j % 7) * 2 * y + 2.4 * j + channel;
        return sum + (value * 0.25 * Math.cos(wave)) / (1 + (j % 3));
      }, 0),
    );
  }
  return image;
}

describe('searching', () => {
  const { model, expected } = buildGenerator(SMALL);
  const picture = expected(7, 3);

  test('twice gives the same latent, and the best of more starts is no worse', async () => {
    const few = { steps: 20, starts: 2 };
    const [once, again, more] = [
      await found(model, picture, few),
      await found(model, picture, few),
      await found(model, picture, { steps: 20, starts: 6 }),
    ];
    expect(again).toEqual(once);
    expect(more.mse).toBeLessThanOrEqual(once.mse);
  });

  test('tells each step, and a prior keeps the latent short', async () => {
    const steps: number[] = [];
    const far = new Uint8Array(picture.length).fill(255);
    const free = await found(model, far, { steps: 60, onStep: ({ step }) => steps.push(step) });
    expect(steps).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    const kept = await found(model, far, { steps: 60, prior: 1 });
    const square = (z: Float32Array) => z.reduce((sum, x) => sum + x * x, 0);
    expect(square(kept.z)).toBeLessThan(square(free.z) / 2);
    expect(kept.mse).toBeGreaterThan(free.mse);
  });

  test('is given up with the signal’s reason', async () => {
    const controller = new AbortController();
    const onStep = () => controller.abort('enough');
    await expect(found(model, picture, { signal: controller.signal, onStep })).rejects.toBe(
      'enough',
    );
  });
});

test('distances that are not finite end the search', async () => {
  const { model, expected } = buildGenerator({ ...SMALL, output: 'float32' });
  const broken = decodeModel(model);
  const weights = broken.graph!.initializer.find(({ name }) => name === 'weights')!;
  const numbers = new Float32Array(new Uint8Array(weights.rawData!).buffer);
  numbers[3] = Number.NaN;
  weights.rawData = new Uint8Array(numbers.buffer);
  await expect(
    invert({
      ...{ model: encodeModel(broken), picture: expected(7, 3), device: 'cpu', ...OPTIONS },
      draw: () => Promise.reject(new Error('nothing is drawn')),
    }),
  ).rejects.toThrow('step 1: expected finite distances, got NaN');
});

test.each(Object.entries(PRESETS))('the generator of %s is differentiated', (_name, preset) => {
  const image = { height: 28, width: 28, channels: 1, classes: ['a', 'b'] };
  const network = resolveNetwork(preset(image).generator, 'generator');
  const weights = network.parameters.map(({ name, shape }) => {
    return [name, constant(float32(new Float32Array(sizeOf(shape)), shape))] as const;
  });
  const { inputs, image: drawn } = inferenceGraph(network, Object.fromEntries(weights));
  const outputs = { image: numbersToBytes(drawn) };
  const metadata = readGeneratorMetadata(buildGenerator().model);
  const classes = 'label' in network.labels ? 1 : undefined;
  const recipe = inversionRecipe(
    buildModel({ name: 'generator', inputs, outputs }),
    { ...metadata, latent: { size: network.inputs.z![0]!, distribution: 'normal' } },
    new Uint8Array(784),
    { ...OPTIONS, label: classes },
  );
  expect(recipe.state[0]!.next.shape).toEqual([OPTIONS.starts, network.inputs.z![0]]);
});

test('the class of a picture is found by trying all', async () => {
  const size = 4;
  const z = input('z', 'float32', ['N', size]);
  const label = input('label', 'int64', ['N']);
  // Class 0 draws dark pictures, 1 and 2 brighter ones.
  const base = op.MatMul(z, constant(float32(wave(size * 24, 0.3), [size, 24])));
  const own = op.Mul(op.Reshape(op.Cast(label, 'float32'), ['N', 1]), scalar(0.7));
  const drawn = op.Tanh(op.Reshape(op.Add(base, op.Sub(own, scalar(0.7))), ['N', 1, 4, 6]));
  const plain = buildGenerator({ latent: size, height: 4, width: 6 }).model;
  const metadata = {
    ...readGeneratorMetadata(plain),
    ...{ format: 2, classes: ['dark', 'middle', 'bright'] },
  };
  const model = encodeModel(
    buildModel({
      ...{ name: 'generator', inputs: [z, label], outputs: { image: numbersToBytes(drawn) } },
      metadata: { [METADATA_KEY]: JSON.stringify(metadata) },
    }),
  );
  const program = await openProgram(model, { device: 'cpu' });
  const draw = async (latents: Float32Array, labels: readonly number[]) => {
    const count = labels.length;
    const { image } = await program.run({
      z: float32(latents, [count, size]),
      label: { dtype: 'int64', shape: [count], data: BigInt64Array.from(labels, BigInt) },
    });
    return image!.data as Uint8Array;
  };
  try {
    const picture = await draw(latents(7, 3, size), [2]);
    const options = { ...OPTIONS, starts: 2, model, picture, device: 'cpu' } as const;
    const steps: unknown[] = [];
    const all = await invert({
      ...options,
      draw: (z, labels) => draw(z, labels!),
      onStep: ({ label }) => steps.push(label),
    });
    expect(all).toMatchObject({ label: 2 });
    expect(all.rmse).toBeLessThan(0.5);
    expect(new Set(steps)).toEqual(new Set([0, 1, 2]));
    const dark = await invert({ ...options, labels: [0], draw: (z, labels) => draw(z, labels!) });
    expect(dark).toMatchObject({ label: 0 });
    expect(dark.rmse).toBeGreaterThan(2 * all.rmse);
  } finally {
    await program.close();
  }
});

const wave = (count: number, size: number) =>
  Float32Array.from({ length: count }, (_, i) => size * Math.sin(i * i));

test('operators without a gradient are named', async () => {
  const { model, expected } = buildGenerator(SMALL);
  const refusal = (op: string) => {
    const changed = decodeModel(model);
    changed.graph!.node.find(({ opType }) => opType === 'Tanh')!.opType = op;
    const run = () =>
      inversionRecipe(changed, readGeneratorMetadata(model), expected(7, 3), {
        ...{ ...OPTIONS, label: undefined },
      });
    expect(run).toThrow(ModelError);
    return run;
  };
  expect(refusal('Erf')).toThrow('cannot be inverted: operator Erf (node "")');
  expect(refusal('Sign')).toThrow('does not depend on z but through operators without a gradient');
});
