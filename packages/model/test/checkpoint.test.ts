import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkpointMetadata, checkpointName, checkpointTensor } from '../src/checkpoint.ts';
import { ModelError } from '../src/error.ts';
import {
  checkpointPath,
  isUnsaved,
  readCheckpoint,
  readPointer,
  runOf,
} from '../src/folder-store.ts';
import { type Run, runSchema } from '../src/run-folder.ts';
import type { WeightTensor } from '../src/safetensors.ts';
import { writeWeights } from '../src/weights-file.ts';
import { refusal } from './refusal.ts';

const TENSORS: Record<string, WeightTensor> = {
  'generator.0.weight': { dtype: 'float32', shape: [2, 1], data: Float32Array.of(0.5, -1) },
  label: { dtype: 'uint8', shape: [1], data: Uint8Array.of(3) },
};

let folder: string;
const at = (name: string) => join(folder, name);
const checkpoint = 'checkpoints/step-000012.safetensors';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganport-checkpoint-'));
  mkdirSync(at('checkpoints'));
  writeFileSync(at('latest'), 'step-000012.safetensors\n');
});

afterEach(() => rmSync(folder, { recursive: true }));

const FORMAT = 'ganport-checkpoint-1';
const metadata = { format: FORMAT, step: '12', scores: '{"swd":0.25}' };
const write = (values: Record<string, string> = metadata) =>
  writeWeights(at(checkpoint), TENSORS, values);

test('a checkpoint comes back', async () => {
  const sha256 = await write();
  expect(await readCheckpoint(folder, 'latest')).toEqual({
    path: at(checkpoint),
    step: 12,
    scores: { swd: 0.25 },
    tensors: TENSORS,
    // What ganport 0.1.0 wrote does not say what it was trained with.
    origin: undefined,
    sha256,
  });
});

test.each([
  [0, 'step-000000.safetensors'],
  [999_999, 'step-999999.safetensors'],
  [12_345_678, 'step-12345678.safetensors'],
])('the checkpoint of step %i is %s, and a pointer can name it', async (step, name) => {
  expect(checkpointName(step)).toBe(name);
  expect(checkpointPath(folder, name)).toBe(join(folder, 'checkpoints', name));
  writeFileSync(at('latest'), `${name}\n`);
  expect(await readPointer(folder, 'latest')).toEqual({ name });
});

test('a run has saved nothing as long as it has neither a pointer nor a checkpoint', async () => {
  rmSync(at('latest'));
  expect(await isUnsaved(folder)).toBe(true);
  for (const choice of ['latest', 'best', 12] as const) {
    expect(await refusal(readCheckpoint(folder, choice), folder)).toBe(
      'RUN has no checkpoint yet: train --resume RUN makes one',
    );
  }
  for (const pointer of ['best', 'latest']) {
    writeFileSync(at(pointer), '');
    expect(await isUnsaved(folder)).toBe(false);
    rmSync(at(pointer));
  }
  await write();
  expect(await isUnsaved(folder)).toBe(false);
  // A process that was killed before it wrote the first pointer had written it whole.
  expect((await readCheckpoint(folder, 'latest')).step).toBe(12);
});

describe('a checkpoint that is named', () => {
  beforeEach(async () => {
    await write();
    for (const step of [3, 100]) {
      const path = checkpointPath(folder, checkpointName(step));
      await writeWeights(path, TENSORS, { ...metadata, step: String(step) });
    }
    writeFileSync(at('best'), 'step-000003.safetensors\n');
  });

  test.each([
    ['latest', 12],
    ['best', 3],
    [100, 100],
  ] as const)('%s', async (choice, step) => {
    expect((await readCheckpoint(folder, choice)).step).toBe(step);
  });

  test.each<[string, () => void, 'latest' | 'best' | number, string]>([
    ['is there', () => {}, 5, 'RUN has no checkpoint of step 5; REMEDY 100 or 12 or 3'],
    ['is the best', () => rmSync(at('best')), 'best', 'RUN names no "best" checkpoint; REMEDY 100'],
    [
      'is whole',
      () => truncateSync(at(checkpoint), 90),
      'latest',
      `${checkpoint} is truncated: its header ends at 304, it has 90 bytes; REMEDY 100 or 3`,
    ],
    [
      'is not removed',
      () => rmSync(at(checkpoint)),
      'latest',
      'latest names step-000012.safetensors, which is not in checkpoints; REMEDY 100 or 3',
    ],
    [
      'has its own name',
      () => copyFileSync(at(checkpoint), at('checkpoints/step-000003.safetensors')),
      'best',
      'step-000003.safetensors is of another step: expected step-000012.safetensors as its name; REMEDY 100 or 12',
    ],
  ])('%s, or others are', async (_, spoil, choice, message) => {
    spoil();
    const remedy = 'name another, to train --resume or export: --checkpoint';
    expect(await refusal(readCheckpoint(folder, choice), folder)).toContain(
      message.replace('REMEDY', remedy),
    );
  });

  test('where there is no other', async () => {
    for (const step of [3, 100]) rmSync(checkpointPath(folder, checkpointName(step)));
    truncateSync(at(checkpoint), 9);
    expect(await refusal(readCheckpoint(folder, 'latest'), folder)).toMatch(
      /it has 9 bytes; there is no other: train anew$/,
    );
  });
});

describe('what a checkpoint was trained with', () => {
  const network = { inputs: { z: [2] }, layers: [{ type: 'dense', units: 3 }] };
  const settings = {
    ...{ name: 'tiny', seed: 7, batch: 4, steps: 20, loss: 'bce', penalties: { r1: 1 } },
    ...{ data: 'mnist', dataDir: '/data', every: { metrics: 1, checkpoint: 2 } },
    ...{ adam: { learningRate: 0.1, beta1: 0.5 }, generator: network, discriminator: network },
  };
  const json = {
    ...{ format: 1, config: settings, dataset: { name: 'mnist', count: 3, sha256: 'ab' } },
    ...{ engine: 'onnxruntime', device: 'cpu', threads: 2, versions: {} },
  };
  const runWith = (changes: object = {}) => runSchema.parse({ ...json, ...changes });
  const run = runWith();
  const configured = (changes: object) => runWith({ config: { ...settings, ...changes } });
  const read = async () => {
    await write(checkpointMetadata(run, { step: 12, scores: {} }));
    return readCheckpoint(folder, 'latest');
  };

  test.each([
    ['nothing', run],
    ['its name', configured({ name: 'other' })],
    ['its length', configured({ steps: 40 })],
    ['where its data are', configured({ data: 'folder', dataDir: undefined })],
    ['what is logged and saved', configured({ every: { metrics: 7, checkpoint: 9 } })],
    ['a setting there was not', configured({ later: true })],
    ['what trains it', runWith({ engine: 'tensorflow', device: 'cuda', threads: 1, tf32: true })],
    ['the order of what it says', configured({ seed: 7, adam: { beta1: 0.5, learningRate: 0.1 } })],
  ])('may differ from run.json in %s', async (_, other) => {
    expect(runOf(await read(), other, folder)).toEqual(other);
  });

  test.each<[string, Run, string]>([
    ['seed', configured({ seed: 8 }), 'config.seed 7, got 8; put it back, or train another run'],
    ['batch', configured({ batch: 5 }), 'config.batch 4, got 5;'],
    ['loss', configured({ loss: 'hinge' }), 'config.loss "bce", got "hinge";'],
    ['setting that is left out', configured({ loss: undefined }), 'config.loss "bce", got nothing'],
    ['penalty', configured({ penalties: { r1: 2 } }), 'config.penalties.r1 1, got 2;'],
    ['penalty more', configured({ penalties: { r1: 1, r2: 3 } }), 'penalties.r2 nothing, got 3;'],
    ['penalty less', configured({ penalties: {} }), 'config.penalties.r1 1, got nothing;'],
    ['decay', configured({ adam: { learningRate: 0.1, beta1: 0.9 } }), 'adam.beta1 0.5, got 0.9;'],
    [
      'learning rate',
      configured({ adam: { learningRate: 0.2, beta1: 0.5 } }),
      'config.adam.learningRate 0.1, got 0.2; put it back, or give another to train --resume, as --learning-rate',
    ],
    [
      'layer',
      configured({ generator: { ...network, layers: [{ type: 'dense', units: 4 }] } }),
      'config.generator.layers.0.units 3, got 4;',
    ],
    [
      'layer more',
      configured({ discriminator: { ...network, layers: [...network.layers, { type: 'tanh' }] } }),
      'config.discriminator.layers.1 nothing, got {"type":"tanh"}; put',
    ],
    [
      'digest of the data',
      runWith({ dataset: { ...json.dataset, sha256: 'cd' } }),
      'dataset.sha256 "ab", got "cd";',
    ],
  ])('does not differ in a %s', async (_, other, said) => {
    const saved = await read();
    expect(() => runOf(saved, other, folder)).toThrow(
      `${at('run.json')} is not what step-000012.safetensors was trained with: expected `,
    );
    expect(() => runOf(saved, other, folder)).toThrow(said);
  });

  test('is not known of a checkpoint that ganport 0.1.0 wrote', async () => {
    await write();
    const other = configured({ seed: 8 });
    expect(runOf(await readCheckpoint(folder, 'latest'), other, folder)).toEqual(other);
  });

  test('is what run.json said before a change that came later', async () => {
    const saved = await read();
    const adam = { learningRate: 0.01, beta1: 0.5 };
    const change = { field: 'config.adam.learningRate', from: 0.1, to: 0.01 } as const;
    const changed = (step: number) => {
      return { ...configured({ adam }), history: [{ step, ...change }] };
    };
    expect(runOf(saved, changed(12), folder)).toEqual(run);
    // And a change that came before is in it.
    expect(() => runOf(saved, changed(11), folder)).toThrow('learningRate 0.1, got 0.01');
  });
});

test('a checkpoint need not have scores', async () => {
  await write({ format: FORMAT, step: '12' });
  expect((await readCheckpoint(folder, 'latest')).scores).toEqual({});
});

test('a checkpoint gives float32 tensors of the shape that is asked for', async () => {
  await write();
  const read = await readCheckpoint(folder, 'latest');
  expect(checkpointTensor(read, 'generator.0.weight', [2, 1])).toEqual(Float32Array.of(0.5, -1));
  for (const [name, shape, got] of [
    ['generator.0.weight', [1, 2], 'float32 [2,1]'],
    ['label', [1], 'uint8 [1]'],
    ['bias', [1], 'nothing'],
  ] as const) {
    expect(() => checkpointTensor(read, name, shape)).toThrow(
      new ModelError(
        `${at(checkpoint)} does not fit the networks: expected ${name} of float32 [${shape}], got ${got}; give run.json back the networks that were trained, or train these in a new run`,
      ),
    );
  }
});

const reference = new URL('reference.safetensors', import.meta.url);
test.each<[string, () => unknown, string]>([
  [
    'that is missing',
    () => {},
    'latest names step-000012.safetensors, which is not in checkpoints; there is no other: train anew',
  ],
  [
    'that is a folder',
    () => mkdirSync(at(checkpoint)),
    'cannot read checkpoints/step-000012.safetensors: expected a regular file, got a folder: name a file in it',
  ],
  [
    'that is empty',
    () => writeFileSync(at(checkpoint), ''),
    `${checkpoint} is not a safetensors file: it has 0 bytes`,
  ],
  [
    'that is cut',
    // The header ends at 304; the one float32 tensor, at 312.
    () => write().then(() => truncateSync(at(checkpoint), 311)),
    `${checkpoint}: tensor "generator.0.weight" ends at byte 8 of 7: the file is truncated`,
  ],
  [
    'with a flipped bit',
    async () => {
      await write();
      const bytes = readFileSync(at(checkpoint));
      bytes[bytes.length - 2]! ^= 4;
      writeFileSync(at(checkpoint), bytes);
    },
    `${checkpoint} is damaged, or another program changed it: expected SHA-256 `,
  ],
  [
    'of another program',
    () => copyFileSync(reference, at(checkpoint)),
    `${checkpoint} is not a ganport checkpoint: expected format "${FORMAT}", got "pt"`,
  ],
  [
    'that has lost its digest',
    async () => {
      await write();
      const text = readFileSync(at(checkpoint), 'latin1');
      writeFileSync(at(checkpoint), text.replace('"sha256"', '"sha257"'), 'latin1');
    },
    `${checkpoint} is damaged: it has no digest to check it by`,
  ],
  [
    'without a format',
    () => write({ step: '12' }),
    `${checkpoint} is not a ganport checkpoint: expected format "${FORMAT}", got "none"`,
  ],
  [
    'of a newer ganport',
    () => write({ ...metadata, format: 'ganport-checkpoint-2' }),
    `${checkpoint} was written by a newer ganport: expected format 1, got 2; update ganport`,
  ],
  [
    'of another format',
    () => write({ ...metadata, format: 'x\ny' }),
    `is not a ganport checkpoint: expected format "${FORMAT}", got "x\\ny"`,
  ],
  [
    'without a step',
    () => write({ format: FORMAT }),
    `${checkpoint}: step is not valid: it is missing: expected a text`,
  ],
  [
    'with a negative step',
    () => write({ ...metadata, step: '-1' }),
    `${checkpoint}: step is not valid: expected a whole number, got "-1"`,
  ],
  [
    'with an empty step',
    () => write({ ...metadata, step: '' }),
    `${checkpoint}: step is not valid: expected a whole number, got ""`,
  ],
  [
    'with scores that are not JSON',
    () => write({ ...metadata, scores: '{' }),
    `${checkpoint}: scores is not JSON: `,
  ],
  [
    'with scores that are words',
    () => write({ ...metadata, scores: '{"swd":"low"}' }),
    `${checkpoint}: scores is not valid: swd: expected a number, got "low"`,
  ],
])('a checkpoint %s', async (_, damage, message) => {
  await damage();
  expect(await refusal(readCheckpoint(folder, 'latest'), folder)).toContain(message);
});
