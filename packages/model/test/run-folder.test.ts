import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readPointer, readRun } from '../src/folder-store.ts';
import { PRESETS } from '../src/presets/index.ts';
import { pointerText, type Run } from '../src/run-folder.ts';
import { refusal } from './refusal.ts';

const RUN = {
  format: 1,
  // Keys that only training knows are kept.
  config: {
    name: 'mlp',
    seed: 7,
    batch: 128,
    ...PRESETS.mlp({ channels: 1, height: 28, width: 28 }),
  },
  dataset: { name: 'glyphs', count: 10, sha256: 'ab' },
  engine: 'onnxruntime',
  device: 'cpu',
  threads: 2,
  versions: { ganport: '0.1.0' },
};

let folder: string;
const at = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganport-run-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('run.json', () => {
  test('comes back with the defaults of its networks written out', async () => {
    writeFileSync(at('run.json'), JSON.stringify(RUN));
    const run: Run = await readRun(folder);
    expect(run).toMatchObject({ ...RUN, config: { name: 'mlp', seed: 7, batch: 128 } });
    expect(run.config.generator.layers[0]).toEqual({
      type: 'dense',
      units: 256,
      bias: true,
      init: 'uniform',
      gain: 1,
      spectralNorm: false,
    });
    writeFileSync(at('run.json'), JSON.stringify(run));
    expect(await readRun(folder)).toEqual(run);
  });

  const { dataset: _, ...withoutDataset } = RUN;
  test.each<[string, string | undefined, string]>([
    [
      'that is missing',
      undefined,
      'RUN is not a run folder: cannot read run.json: no such file or folder: check the path (ENOENT)',
    ],
    ['that is empty', '', 'run.json is not JSON: '],
    ['that is cut', JSON.stringify(RUN).slice(0, 100), 'run.json is not JSON: '],
    ['that is text, of two lines', 'a\nb', 'run.json is not JSON: '],
    ['that is a list', '[]', 'run.json is not valid: expected an object, got a list of 0'],
    [
      'of a newer ganport',
      JSON.stringify({ format: 2, all: 'else' }),
      'run.json was written by a newer ganport: expected format 1, got 2; update ganport',
    ],
    [
      'of another format',
      JSON.stringify({ ...RUN, format: 0 }),
      'run.json is not valid: format: expected 1, got 0',
    ],
    [
      'with an unknown key',
      JSON.stringify({ ...RUN, x: 1 }),
      'run.json is not valid: it takes no "x"; it takes format, config, ',
    ],
    [
      'without its data set',
      JSON.stringify(withoutDataset),
      'run.json is not valid: dataset is missing: expected an object',
    ],
    [
      'with a change of what cannot change',
      JSON.stringify({ ...RUN, history: [{ step: 1, field: 'config.seed', from: 1, to: 2 }] }),
      'run.json is not valid: history.0.field: expected one of "config.steps", ',
    ],
    [
      'with a network that is none',
      JSON.stringify({ ...RUN, config: { ...RUN.config, generator: { inputs: {}, layers: 1 } } }),
      'run.json is not valid: config.generator.layers: expected a list of 1 to 1000 items, got 1',
    ],
  ])('%s', async (_, text, message) => {
    if (text !== undefined) writeFileSync(at('run.json'), text);
    expect(await refusal(readRun(folder), folder)).toContain(message);
  });

  test('that has no end, almost', async () => {
    writeFileSync(at('run.json'), '');
    truncateSync(at('run.json'), 2 ** 24 + 1);
    expect(await refusal(readRun(folder), folder)).toBe(
      'RUN is not a run folder: cannot read run.json: expected at most 16777216 bytes, got 16777217',
    );
  });
});

test('a pointer has the scores that were written into it', async () => {
  const best = { name: 'step-000004.safetensors', scores: { swd: 0.0625, other: -1e-9 } };
  writeFileSync(at('best'), pointerText(best));
  expect(await readPointer(folder, 'best')).toEqual(best);
  // Its first line is all that ganport 0.1.0 wrote.
  expect(pointerText(best).split('\n')[0]).toBe(best.name);
  expect(pointerText({ name: best.name })).toBe(`${best.name}\n`);
});

test.each<[string, string | undefined, string]>([
  ['that is missing', undefined, 'RUN names no "best" checkpoint'],
  ['that is empty', '', 'best: expected the name of a checkpoint, got ""'],
  [
    'out of the folder',
    '../step-000002.safetensors',
    'best: expected the name of a checkpoint, got "../step-000002.safetensors"',
  ],
  [
    'with scores that are none',
    'step-000004.safetensors\n{"swd": null}\n',
    'best is not valid: swd: expected a finite number; training had diverged',
  ],
  ['with scores that are cut', 'step-000004.safetensors\n{"swd": 0.}\n', 'best is not JSON: '],
  ['of two lines', 'a\nb', 'best: expected the name of a checkpoint, got "a\\nb"'],
  ['that is too long', 'x'.repeat(4097), 'best: expected at most 4096 bytes, got 4097'],
])('a pointer %s', async (_, text, message) => {
  if (text !== undefined) writeFileSync(at('best'), text);
  expect(await refusal(readPointer(folder, 'best'), folder)).toContain(message);
});
