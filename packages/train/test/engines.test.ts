/** Which engine is chosen, and what is said where one is not there. */
import { resolveNetwork } from '@ganport/model';
import { type Node, ops as op } from '@ganport/onnx';
import { cudaIsInstalled } from '@ganport/runtime/node';
import { describe, expect, test } from 'vitest';
import { chooseEngine, type EngineChoice } from '../src/engines.ts';
import { defaultThreads, initialState, type Recipe } from '../src/index.ts';
import { explainMemoryError } from '../src/memory-error.ts';
import { createDraft } from '../src/recipe/draft.ts';
import { type RecipeSettings, recipeOf } from './recipes.ts';

const gan = {
  generator: resolveNetwork(
    {
      inputs: { z: [2] },
      layers: [
        { type: 'dense', units: 4 },
        { type: 'reshape', shape: [1, 2, 2] },
      ],
    },
    'generator',
  ),
  discriminator: resolveNetwork(
    { inputs: { image: [1, 2, 2] }, layers: [{ type: 'flatten' }, { type: 'dense', units: 1 }] },
    'discriminator',
  ),
};

async function choose(choice: EngineChoice) {
  const recipe = recipeOf(gan, { batch: 2 });
  const { engine, chosen, why } = await chooseEngine(recipe, initialState(recipe, 0), {
    ...choice,
    threads: 1,
  });
  const { description } = engine;
  await engine.close();
  return { chosen, why, description };
}

describe.skipIf(cudaIsInstalled())('without CUDA', () => {
  test('auto takes onnxruntime on the CPU, and says why not a GPU', async () => {
    const { chosen, why, description } = await choose({ engine: 'auto', device: 'auto' });
    expect(chosen).toEqual({ engine: 'onnxruntime', device: 'cpu' });
    expect(description).toMatch(/^onnxruntime \S+ on the CPU, threads: 1$/);
    expect(why).toMatch(
      /^onnxruntime on cuda: its provider is not installed; tensorflow on cuda: /,
    );
  });

  test('what is asked for and not there is an error with the remedy, not another engine', async () => {
    await expect(choose({ engine: 'onnxruntime', device: 'cuda' })).rejects.toThrow(
      /^onnxruntime does not train on cuda: its provider is not installed; it needs .*doctor --install cuda/,
    );
    await expect(choose({ engine: 'auto', device: 'cuda' })).rejects.toThrow(/tfjs-node-gpu/);
    await expect(choose({ engine: 'tensorflow', device: 'webgpu' })).rejects.toThrow(
      'the tensorflow engine does not run on webgpu in Node',
    );
  });
});

test('an engine that is asked for is taken, on its best device', async () => {
  const { chosen, description } = await choose({ engine: 'tensorflow', device: 'cpu' });
  expect(chosen).toEqual({ engine: 'tensorflow', device: 'cpu' });
  expect(description).toContain('TensorFlow.js');
});

test.each([
  [
    'Non-zero status code returned while running Conv node. Failed to allocate memory for requested buffer of size 41104179200',
    'cuda ran out of memory (41104.2 MB more were asked for): try a smaller --batch, or --device cpu',
  ],
  [
    'CUDA failure 2: out of memory ; GPU=0',
    'cuda ran out of memory (CUDA failure 2: out of memory ; GPU=0): try a smaller --batch, or --device cpu',
  ],
  [
    'the run failed: Non-zero status code returned while running Add node. Failed to allocate memory for requested buffer of size 2000000',
    'cuda ran out of memory (2.0 MB more were asked for): try a smaller --batch, or --device cpu',
  ],
  [
    'cannot open the model: Array buffer allocation failed',
    'cuda ran out of memory (cannot open the model: Array buffer allocation failed): try a smaller --batch, or --device cpu',
  ],
  ['Non-zero status code returned while running Tanh node', undefined],
])('memory that does not suffice is told from other failures: %s', (message, expected) => {
  expect(explainMemoryError(new Error(message), 'cuda')).toBe(expected);
});

describe('a recipe that makes no valid graph is an error, and no reason for another engine', () => {
  const recipe = recipeOf(gan, { batch: 2 });
  const chosen = (broken: Recipe, device: 'cpu' | 'auto') =>
    chooseEngine(broken, initialState(recipe, 0), { engine: 'auto', device, threads: 1 });

  test.each(['cpu', 'auto'] as const)('two feeds of one name, on %s', async (device) => {
    const twice = { ...recipe, feeds: [...recipe.feeds, recipe.feeds[0]!] };
    await expect(chosen(twice, device)).rejects.toThrow(/^two values are named "images"$/);
  });

  test('an operator that onnxruntime does not have', async () => {
    const odd = op.Neg(recipe.metrics.gLoss!);
    Object.assign((odd.origin as { node: Node }).node, { op: 'Frobnicate' });
    await expect(chosen({ ...recipe, metrics: { odd } }, 'cpu')).rejects.toThrow(
      /^cannot open the model: This is an invalid model.*Frobnicate/,
    );
  });

  test.each([
    { augment: ['brightness', 'brightness'] },
    { penalties: { r1: 1, r2: 1, gradient: 1 } },
  ])('%o has feeds of different names, and trains on onnxruntime', async (settings) => {
    const { feeds } = recipeOf(gan, { batch: 2, ...settings } as RecipeSettings);
    const names = feeds.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test('a name declared twice is found where it is declared', () => {
    const draft = createDraft(0);
    draft.random('share', [1], 'uniform');
    expect(() => draft.random('share', [1], 'uniform')).toThrow('declares "share" twice');
    expect(() => draft.declare('share', [1], { type: 'constant', value: 0 })).toThrow('twice');
  });
});

test('threads are those of the cores, one at least', () => {
  expect(defaultThreads()).toBeGreaterThanOrEqual(1);
});
