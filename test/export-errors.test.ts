/** What export refuses: damaged run folders, and a generator that does not draw what was trained. */
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ExportOptions, exportGenerator } from '../packages/export/src/index.ts';
import { readCheckpoint, writeWeights } from '../packages/model/src/node.ts';
import { refusal } from '../packages/model/test/refusal.ts';
import { openProgram } from '../packages/runtime/src/node.ts';
import { trainSmall } from './small-run.ts';

const REFERENCE = new URL('../packages/model/test/reference.safetensors', import.meta.url);
const CHECKPOINT = 'checkpoints/step-000002.safetensors';

let root: string;
let folder: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ganport-export-errors-'));
  await trainSmall(join(root, 'trained'), { channels: 1, ema: 0, steps: 2 });
  await trainSmall(join(root, 'colour'), { channels: 3, ema: 0, steps: 2 });
});

beforeEach(async () => {
  folder = join(root, 'run');
  await rm(folder, { recursive: true, force: true });
  await cp(join(root, 'trained'), folder, { recursive: true });
});

afterAll(() => rm(root, { recursive: true, force: true }));

/** What export says, having written nothing. */
async function refused(open?: ExportOptions['open']): Promise<string> {
  const before = await readdir(root, { recursive: true });
  const message = await refusal(
    exportGenerator(folder, { ...(open && { open }), version: '1' }),
    folder,
  );
  expect(await readdir(root, { recursive: true })).toEqual(before);
  return message;
}

/** Replaces the layers of run.json's generator, and its inputs. */
async function editGenerator(layers: unknown[], inputs: unknown = { z: [6] }): Promise<void> {
  const run = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8'));
  run.config.generator = { inputs, layers };
  await writeFile(join(folder, 'run.json'), JSON.stringify(run));
}

test.each<[string, () => Promise<unknown>, string]>([
  ['a folder that is missing', () => rm(folder, { recursive: true }), 'RUN is not a run folder: '],
  ['a cut run.json', () => truncate(join(folder, 'run.json'), 100), 'run.json is not JSON: '],
  [
    'a generator whose shapes do not fit',
    () => editGenerator([{ type: 'reshape', shape: [1, 8, 8] }]),
    'run.json: generator, layer 0 "0" (reshape): shape [1,8,8] has 64 elements, its input [6] has 6',
  ],
  [
    'a generator that takes x',
    () => editGenerator([{ type: 'tanh' }], { x: [6] }),
    'run.json: generator: expected an input "z" of shape [size], and "label" at most beside it, got {"x":[6]}',
  ],
  [
    'a generator that takes an image',
    () => editGenerator([{ type: 'tanh' }], { z: [1, 8, 8] }),
    'run.json: generator: expected an input "z" of shape [size], and "label" at most beside it, got {"z":[1,8,8]}',
  ],
  [
    'a generator of vectors',
    () => editGenerator([{ type: 'dense', units: 64 }]),
    'run.json: generator: expected an output of [1 or 3 channels, height, width], got [64]',
  ],
  [
    'a generator of two channels',
    () => editGenerator([{ type: 'reshape', shape: [2, 1, 3] }]),
    'run.json: generator: expected an output of [1 or 3 channels, height, width], got [2,1,3]',
  ],
  [
    'a pointer to a checkpoint that is missing',
    () => writeFile(join(folder, 'latest'), 'step-000009.safetensors'),
    'latest names step-000009.safetensors, which is not in checkpoints; name another, to train --resume or export: --checkpoint 2',
  ],
  ['a cut checkpoint', () => truncate(join(folder, CHECKPOINT), 5000), `${CHECKPOINT}: tensor "`],
  [
    'a checkpoint of training that had diverged',
    async () => {
      const { path, tensors } = await readCheckpoint(folder, 'latest');
      tensors['generator.0.bias']!.data[3] = Number.NaN;
      await writeWeights(path, tensors, { format: 'ganport-checkpoint-1', step: '2' });
    },
    `${CHECKPOINT} is of training that had diverged: there is NaN in generator.0.bias; there is no other: train anew`,
  ],
  [
    'a checkpoint of another program',
    () => cp(REFERENCE, join(folder, CHECKPOINT)),
    `${CHECKPOINT} is not a ganport checkpoint: expected format "ganport-checkpoint-1", got "pt"`,
  ],
  [
    'a checkpoint of another generator',
    () => cp(join(root, 'colour', CHECKPOINT), join(folder, CHECKPOINT)),
    'run.json is not what step-000002.safetensors was trained with: expected config.generator.layers.7.filters 3, got 1; put it back, or train another run',
  ],
])('%s is refused', async (_, damage, message) => {
  await damage();
  expect(await refused()).toContain(message);
});

describe('a generator that draws something else', () => {
  let open = 0;

  /** What the exported model draws is changed; weights are the trained one's inputs. */
  function altered(change: (images: Float32Array | Uint8Array) => void): ExportOptions['open'] {
    return async (model) => {
      const program = await openProgram(model, { device: 'cpu' });
      open += 1;
      return {
        ...program,
        async run(feeds) {
          const outputs = await program.run(feeds);
          if (program.inputs.length === 1) change(outputs.image!.data as Float32Array | Uint8Array);
          return outputs;
        },
        async close() {
          open -= 1;
          await program.close();
        },
      };
    };
  }

  const floats = (change: (images: Float32Array) => void) =>
    altered((images) => images instanceof Float32Array && change(images));
  const bytes = (change: (images: Uint8Array) => void) =>
    altered((images) => images instanceof Uint8Array && change(images));

  test.each<[string, ExportOptions['open'], string]>([
    ['by 0.001', floats((x) => (x[5]! += 1e-3)), 'float32 images by 0.00'],
    ['by a NaN, at the start', floats((x) => (x[0] = Number.NaN)), 'float32 images by NaN'],
    ['by two levels', bytes((x) => (x[7]! += x[7]! > 128 ? -2 : 2)), 'uint8 images by'],
  ])('%s is refused', async (_, altering, message) => {
    const difference = 'the exported generator differs from the trained one: ';
    expect(await refused(altering)).toContain(difference + message);
    expect(open).toBe(0);
  });

  test('by a rounding is exported, and the difference is told', async () => {
    const altering = altered((images) => {
      if (images instanceof Float32Array) images[5]! += 3e-5;
      else images[7]! += images[7]! > 128 ? -1 : 1;
    });
    const { verified } = await exportGenerator(folder, { open: altering!, version: '1' });
    expect(verified.float).toBeGreaterThan(2e-5);
    expect(verified.levels).toBe(1);
    expect(open).toBe(0);
  });
});
