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
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ModelError } from '../src/error.ts';
import {
  checkpointTensor,
  CHECKPOINT_FORMAT as FORMAT,
  readCheckpoint,
} from '../src/run-folder.ts';
import { type WeightTensor, writeWeights } from '../src/weights-file.ts';
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
    sha256,
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
    'cannot read checkpoints/step-000012.safetensors: no such file or folder',
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
