/** What a device that fails in the middle of training leaves, and what is said. */
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import { readCheckpoint } from '@ganport/model/node';
import { expect, test, vi } from 'vitest';
import { type ChosenEngine, memoryDataset, resolveConfig, train } from '../src/index.ts';
import { temporaryFolder } from './files.ts';

/** The message that step 7 fails with. */
let failure = '';

vi.mock('../src/engines.ts', async (original) => {
  const engines = await original<typeof import('../src/engines.ts')>();
  const chooseEngine: typeof engines.chooseEngine = async (recipe, initial, options) => {
    const chosen = await engines.chooseEngine(recipe, initial, {
      ...options,
      engine: 'onnxruntime',
      device: 'cpu',
    });
    const { engine } = chosen;
    let step = 0;
    const failing: ChosenEngine['engine'] = {
      ...engine,
      step: (feeds) => (++step === 7 ? Promise.reject(new Error(failure)) : engine.step(feeds)),
    };
    return { ...chosen, engine: failing, chosen: { engine: 'onnxruntime', device: 'cuda' } };
  };
  return { ...engines, chooseEngine };
});

test.each([
  [
    'CUDA failure 2: out of memory ; GPU=0',
    'training failed at step 7: cuda ran out of memory (CUDA failure 2: out of memory ; GPU=0): try a smaller --batch, or --device cpu. The checkpoint of step 6 is intact.',
  ],
  [
    'the device was lost\nat somewhere',
    'training failed at step 7: the device was lost. The checkpoint of step 6 is intact.',
  ],
])('%s', async (message, expected) => {
  failure = message;
  const folder = join(temporaryFolder(), 'run');
  const images = Uint8Array.from({ length: 8 * 4 }, (_, i) => i * 8);
  const config = {
    generator: {
      inputs: { z: [2] },
      layers: [
        { type: 'dense', units: 4 },
        { type: 'reshape', shape: [1, 2, 2] },
      ],
    },
    discriminator: {
      inputs: { image: [1, 2, 2] },
      layers: [{ type: 'flatten' }, { type: 'dense', units: 1 }],
    },
    batch: 2,
    steps: 20,
    every: { metrics: 1, checkpoint: 3 },
  };
  const training = train({
    config: resolveConfig([['the test', config]]),
    dataset: memoryDataset({ name: 'bytes', height: 2, width: 2, channels: 1, images }),
    engine: 'auto',
    device: 'auto',
    threads: 1,
    tf32: false,
    versions: {},
    folder,
    resume: false,
  });
  await expect(training).rejects.toThrow(new ModelError(expected));
  expect((await readCheckpoint(folder, 'latest')).step).toBe(6);
});
