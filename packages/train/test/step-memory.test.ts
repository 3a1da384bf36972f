/** What a step is estimated to take, against sizes worked out by hand; against measured ones: the slow test. */
import { totalmem } from 'node:os';
import { PRESETS, resolveNetwork } from '@ganport/model';
import { input, ops as op, scalar } from '@ganport/onnx';
import { expect, test } from 'vitest';
import type { Recipe } from '../src/index.ts';
import { availableMemory, expectMemory } from '../src/memory.ts';
import { stateBytes, stepBytes } from '../src/step-memory.ts';
import { recipeOf } from './recipes.ts';

const ENGINE = 64e6;
const fill = () => new Float32Array();

test('tensors count from where they are made to their last use, and views take none', () => {
  const w = input('w', 'float32', [100, 10]); // 4,000 bytes
  const x = input('x', 'uint8', [50, 100]); // 5,000 bytes
  const numbers = op.Cast(x, 'float32'); // 20,000 bytes
  const y = op.MatMul(numbers, w); // [50, 10], 2,000 bytes
  const view = op.Reshape(y, [500]);
  const z = op.Mul(view, scalar(2)); // 2,000 bytes
  const recipe: Recipe = {
    state: [{ name: 'w', shape: [100, 10], init: { type: 'constant', value: 0 }, now: w, next: w }],
    feeds: [{ name: 'x', value: x, fill }],
    // The view, and y with it, is needed until z has been added to it.
    metrics: { m: op.mean(op.Add(view, z)) },
    sampler: { z: x, image: x },
  };
  expect(stateBytes(recipe)).toBe(4 * 4000);
  // The most at one time is the numbers with y, 22,000 bytes: the numbers are gone before z is made.
  expect(stepBytes(recipe)).toBe(ENGINE + 4 * 4000 + 2 * 5000 + 22_000);
});

const quick = (batch: number) =>
  recipeOf(
    {
      generator: resolveNetwork(
        PRESETS.quick({ channels: 1, height: 28, width: 28 }).generator,
        'generator',
      ),
      discriminator: resolveNetwork(
        PRESETS.quick({ channels: 1, height: 28, width: 28 }).discriminator,
        'discriminator',
      ),
    },
    { batch },
  );

test('what a step takes beside the state grows with the batch', () => {
  const [small, large] = [64, 640].map((batch) => {
    const recipe = quick(batch);
    return stepBytes(recipe) - stateBytes(recipe) - ENGINE;
  });
  expect(large! / small!).toBeGreaterThan(8);
  expect(large! / small!).toBeLessThan(11);
});

test('a step that memory does not hold is refused, with what is available and the remedy', () => {
  const recipe = quick(65_536);
  expect(() => expectMemory(recipe, 'step', 24.4e9)).toThrow(
    /^training may need up to 2\d\.\d GB of memory, and 24\.4 GB are available: try a smaller --batch$/,
  );
  // A GPU has the step, this machine only the state.
  expect(() => expectMemory(recipe, 'state', 24.4e9)).not.toThrow();
  expect(() => expectMemory(quick(64), 'step', 1e9)).not.toThrow();
  expect(() => expectMemory(quick(64), 'state', 1e6)).toThrow(/try smaller networks$/);
});

test('a state that no checkpoint holds is refused, whatever memory there is', () => {
  const w = input('w', 'float32', [30_000, 30_000]);
  const entry = { name: 'w', shape: [30_000, 30_000], now: w, next: w } as const;
  const recipe = {
    ...quick(1),
    state: [{ ...entry, init: { type: 'constant', value: 0 } as const }],
  };
  expect(() => expectMemory(recipe, 'state', 1e12)).toThrow(
    'take 3.6 GB: expected at most 2.1 GB, which a checkpoint holds; try smaller networks',
  );
});

test('some memory is available, and no more than the machine has', () => {
  expect(availableMemory()).toBeGreaterThan(0);
  expect(availableMemory()).toBeLessThanOrEqual(totalmem());
});
