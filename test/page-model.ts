/** A generator with all that the page has controls for, trained for a step. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportGenerator } from '../packages/export/src/index.ts';
import { memoryDataset, resolveConfig, train } from '../packages/train/src/index.ts';

export const CLASSES = ['dark', 'grey & dim', 'bright'];

const [COUNT, SIZE] = [24, 6];

/** generator.onnx of pictures of 6 × 6 in colour, with three classes and two codes. */
export async function chosenGenerator(): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'ganport-page-model-'));
  try {
    const dataset = memoryDataset({
      ...{ name: 'shades', height: SIZE, width: SIZE, channels: 3 },
      images: new Uint8Array(COUNT * SIZE * SIZE * 3).fill(99),
      labels: Uint8Array.from({ length: COUNT }, (_, i) => i % CLASSES.length),
      classes: CLASSES,
    });
    const settings = {
      ...{ preset: 'mlp', name: 'chosen', batch: 8, steps: 1 },
      generator: {
        inputs: { z: [8], label: { classes: CLASSES.length } },
        codes: { kind: { categories: 3 }, tilt: 'normal' },
        layers: [
          { type: 'embedding', name: 'class', from: 'label', units: 8 },
          { type: 'concat', from: ['z', 'class'] },
          { type: 'dense', units: SIZE * SIZE * 3 },
          { type: 'tanh' },
          { type: 'reshape', shape: [3, SIZE, SIZE] },
        ],
      },
      discriminator: {
        inputs: { image: [3, SIZE, SIZE], label: { classes: CLASSES.length } },
        layers: [
          { type: 'embedding', name: 'class', from: 'label', units: 4 },
          { type: 'flatten', name: 'pixels', from: 'image' },
          { type: 'concat', name: 'seen', from: ['pixels', 'class'] },
          { type: 'dense', units: 3, name: 'kind', from: 'seen' },
          { type: 'dense', units: 1, name: 'tilt', from: 'seen' },
          { type: 'dense', units: 1, name: 'real', from: 'seen' },
        ],
        output: 'real',
        outputs: { kind: 'kind', tilt: 'tilt' },
      },
    };
    await train({
      config: resolveConfig([['the test', settings]]),
      dataset,
      ...{ engine: 'onnxruntime', device: 'cpu', threads: 1, tf32: false, versions: {} },
      ...{ folder, resume: false },
    });
    return (await exportGenerator(folder, { version: 'test' })).model;
  } finally {
    await rm(folder, { recursive: true });
  }
}
