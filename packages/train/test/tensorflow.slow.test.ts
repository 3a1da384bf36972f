/** The tensorflow engine by itself; test/parity.slow.test.ts compares it with the other. */
import { resolveNetwork } from '@ganport/model';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { feedsAt, initialState } from '../src/index.ts';
import type { TensorFlowOptions } from '../src/tensorflow/choose-backend.ts';
import { createTensorFlowEngine } from '../src/tensorflow/engine.ts';
import { ADAM, differences } from './parity.ts';
import { recipeOf } from './recipes.ts';

/** A layer of every kind that has kernels of its own, in as few layers as that takes. */
const gan = {
  generator: resolveNetwork(
    {
      inputs: { z: [3] },
      layers: [
        { type: 'dense', units: 18 },
        { type: 'reshape', shape: [2, 3, 3] },
        { type: 'batchNorm' },
        { type: 'relu' },
        { type: 'upsample2d' },
        { type: 'convTranspose2d', filters: 2, kernel: 4, stride: 2, pad: 1, name: 'a' },
        { type: 'sigmoid', name: 'b' },
        // Nothing takes it: its weights have no gradient.
        { type: 'conv2d', filters: 5, kernel: 1, name: 'unused' },
        { type: 'concat', from: ['a', 'b'] },
        { type: 'conv2d', filters: 1, kernel: 3, pad: 1 },
        { type: 'tanh' },
      ],
    },
    'generator',
  ),
  discriminator: resolveNetwork(
    {
      inputs: { image: [1, 12, 12] },
      layers: [
        { type: 'conv2d', filters: 2, kernel: 3, stride: 2, pad: 1 },
        { type: 'leakyRelu', slope: 0.2 },
        { type: 'avgPool2d', kernel: 2 },
        { type: 'flatten' },
        { type: 'dense', units: 1 },
      ],
    },
    'discriminator',
  ),
};
const BATCH = 4;
const recipe = recipeOf(gan, { batch: BATCH, adam: ADAM, ema: 0.9 });

function create(options: Partial<TensorFlowOptions> = {}) {
  return createTensorFlowEngine(recipe, initialState(recipe, 0), {
    device: 'cpu',
    threads: 1,
    ...options,
  });
}

/** Without a native part, which not every machine has. */
const PLAIN = ['wasm', 'cpu'] as const;

test('no tensor is left behind, by steps, samples, the state or the engine', async () => {
  const before = tf.memory().numTensors;
  const engine = await create();
  const held = tf.memory().numTensors;
  for (let step = 1; step <= 3; step++) {
    await engine.step(await feedsAt(recipe, step));
    await engine.sample(new Float32Array(5 * 3), 5);
    await engine.state();
    expect(tf.memory().numTensors, `after step ${step}`).toBe(held);
  }
  await engine.close();
  expect(tf.memory().numTensors).toBe(before);
});

test.each(PLAIN)('the %s backend agrees with onnxruntime', async (backend) => {
  const options = { batch: BATCH, compareAfter: [1, 5], backends: [backend] };
  const { differences: found, description } = await differences(gan, options);
  expect(description).toMatch(new RegExp(`^TensorFlow.js [0-9.]+, ${backend} backend`));
  // Float32 sums in another order; see test/parity.slow.test.ts.
  for (const { state, where } of found) expect(state, where).toBeLessThan(2e-4);
});

test('samples do not depend on the batch they are drawn in', async () => {
  const engine = await create({ backends: PLAIN });
  const z = Float32Array.from({ length: 6 }, (_, i) => i / 3 - 1);
  const [both, second] = [await engine.sample(z, 2), await engine.sample(z.slice(3), 1)];
  await engine.close();
  expect(both.length).toBe(2 * 144);
  both.slice(144).forEach((value, i) => {
    expect(value).toBeCloseTo(second[i]!, 5);
  });
});

test('an aborted step rejects, and leaves the state as it was', async () => {
  const before = tf.memory().numTensors;
  const engine = await create({ backends: PLAIN });
  const feeds = await feedsAt(recipe, 1);
  const stopping = new AbortController();
  // In a turn of the event loop that the step gives way to.
  setTimeout(() => stopping.abort(new Error('enough')), 0);
  const steps = Array.from({ length: 50 }, () => engine.step(feeds, stopping.signal));
  const outcomes = await Promise.allSettled(steps);
  const rejected = outcomes.filter(({ status }) => status === 'rejected');
  expect(rejected.length).toBeGreaterThan(0);
  for (const outcome of rejected) expect(outcome).toHaveProperty('reason.message', 'enough');
  // As if those steps had never been asked for.
  const other = await create({ backends: PLAIN });
  for (let step = rejected.length; step < 50; step++) await other.step(feeds);
  expect(await engine.state()).toEqual(await other.state());
  await engine.close();
  await other.close();
  expect(tf.memory().numTensors).toBe(before);
});

test('steps and samples that are asked for at once take turns', async () => {
  const engine = await create({ backends: PLAIN });
  const alone = await create({ backends: PLAIN });
  const z = Float32Array.of(1, 2, 3);
  const [first, second] = [await feedsAt(recipe, 1), await feedsAt(recipe, 2)];
  const [, sampled, metrics] = await Promise.all([
    engine.step(first),
    engine.sample(z, 1),
    engine.step(second),
  ]);
  await alone.step(first);
  expect(sampled).toEqual(await alone.sample(z, 1));
  expect(metrics).toEqual(await alone.step(second));
  await engine.close();
  await alone.close();
});

test.each([
  ['that is missing', undefined, 'none'],
  ['of another size', new Float32Array(5), '5 numbers'],
])('a feed %s is an error, and leaves nothing behind', async (_, data, got) => {
  const engine = await create({ backends: ['cpu'] });
  const before = tf.memory().numTensors;
  const feeds = { ...(await feedsAt(recipe, 1)), 'generator.z': data! };
  await expect(engine.step(feeds)).rejects.toThrow(
    `feed "generator.z": expected float32 [${BATCH}, 3], got ${got}`,
  );
  expect(tf.memory().numTensors).toBe(before);
  await engine.close();
});

describe('the backend', () => {
  test('on CUDA is tfjs-node-gpu or nothing', async () => {
    // Where there is a GPU, test/gpu.slow.test.ts trains on it.
    const created = create({ device: 'cuda' });
    const outcome = await created.then(
      async (engine) => {
        await engine.close();
        return engine.description;
      },
      (error) => error.message,
    );
    expect(outcome).toMatch(
      /tfjs-node-gpu on CUDA|^tensorflow does not train on cuda: tfjs-node-gpu: .*; it needs /,
    );
  });

  test('leaves the handlers of the process as they were', async () => {
    const events = ['uncaughtException', 'unhandledRejection'];
    const count = () => events.map((event) => process.listenerCount(event));
    const before = count();
    await (await create({ backends: ['wasm'] })).close();
    expect(count()).toEqual(before);
  });
});
