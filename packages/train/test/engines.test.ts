/** Which engine is chosen, and what is said where one is not there. */
import { resolveNetwork } from '@ganport/model';
import { cudaIsInstalled } from '@ganport/runtime/node';
import { describe, expect, test } from 'vitest';
import { chooseEngine, type EngineChoice } from '../src/engines.ts';
import { defaultThreads, initialState } from '../src/index.ts';
import { explainMemoryError } from '../src/memory-error.ts';
import { recipeOf } from './recipes.ts';

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

test('threads are those of the cores, one at least', () => {
  expect(defaultThreads()).toBeGreaterThanOrEqual(1);
});
