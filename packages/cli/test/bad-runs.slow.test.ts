/** What is wrong with files and folders of training: exit code 1, one line, and nothing is changed. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { writeWeights } from '@ganport/model/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { idx } from '../../train/test/files.ts';
import { failure, ganport } from './run.ts';
import { IMAGES, LABELS, TINY, Workspace, writeDigits } from './workspace.ts';

const workspace = new Workspace();
const digits = writeDigits(workspace, 'digits');
const config = workspace.write('tiny.json', JSON.stringify({ ...TINY, data: 'mnist' }));
const train = ['train', '--config', config, '--threads', '1', '--data-dir', digits];
const LATEST = 'checkpoints/step-000004.safetensors';

beforeAll(async () => {
  expect(await ganport(...train, '--out', workspace.path('run'))).toMatchObject({ code: 0 });
});
afterAll(() => workspace.remove());

/** A copy of the trained run, for a test to spoil. */
function copyOfRun(name: string): string {
  cpSync(workspace.path('run'), workspace.path(name), { recursive: true });
  return workspace.path(name);
}

describe('a run to resume', () => {
  test('is a folder', async () => {
    const message =
      /none is not a run folder: cannot read \S+none\/run\.json: no such file or folder.*\(ENOENT\)/;
    expect(await failure(1, 'train', '--resume', workspace.path('none'))).toMatch(message);
  });

  test('has a run.json that is one', async () => {
    const run = copyOfRun('edited');
    workspace.write('edited/run.json', '{"format": 1}');
    expect(await failure(1, 'train', '--resume', run)).toMatch(/edited\/run\.json is not valid: /);
  });

  test.each<[string, (path: string) => void, RegExp]>([
    ['missing', (path) => rmSync(path), /latest names step-000004\.safetensors, which is not in/],
    ['empty', (path) => writeFileSync(path, ''), /step-000004\.safetensors/],
    [
      'truncated',
      (path) => writeFileSync(path, readFileSync(path).subarray(0, -100)),
      /step-000004\.safetensors/,
    ],
    [
      'bit-flipped',
      (path) => {
        const bytes = readFileSync(path);
        bytes[bytes.length - 50]! ^= 4;
        writeFileSync(path, bytes);
      },
      /step-000004\.safetensors is damaged/,
    ],
  ])('has a latest checkpoint that is not %s', async (how, spoil, message) => {
    const name = `spoilt-${how}`;
    const run = copyOfRun(name);
    spoil(workspace.path(name, LATEST));
    const before = workspace.contents(name);
    const error = await failure(1, 'train', '--resume', run, '--steps', '8');
    expect(error).toMatch(message);
    expect(workspace.contents(name)).toEqual(before);

    // The remedy works: the checkpoint before it is still there to draw with and to go on from.
    const remedy = '; name another, to train --resume or export: --checkpoint 2\n';
    expect(error).toContain(remedy);
    expect(await failure(1, 'export', run)).toContain(remedy);
    const out = workspace.path(`${name}.onnx`);
    const exported = await ganport('export', run, '--checkpoint', '2', '-o', out);
    expect(exported).toMatchObject({ code: 0 });
    expect(exported.stdout).toContain('the generator after 2 steps');
    expect(workspace.contents(name)).toEqual(before);
    const outcome = await ganport('train', '--resume', run, '--checkpoint', '2');
    expect(outcome).toMatchObject({ code: 0 });
    expect(workspace.contents(name)).toEqual(workspace.contents('run'));
  });

  test.each<[string, (latest: string) => void, RegExp]>([
    [
      'names a checkpoint',
      (latest) => writeFileSync(latest, '../../secret'),
      /latest: expected the name of a checkpoint, got "\.\.\/\.\.\/secret"/,
    ],
    [
      'is a file',
      (latest) => {
        rmSync(latest);
        mkdirSync(latest);
      },
      /latest: expected a regular file, got a folder.*; name another, .* --checkpoint 4 or 2\n/,
    ],
  ])('has a pointer that %s', async (what, spoil, message) => {
    const run = copyOfRun(what);
    spoil(join(run, 'latest'));
    expect(await failure(1, 'train', '--resume', run)).toMatch(message);
  });

  test('has checkpoints of its own networks', async () => {
    const run = copyOfRun('foreign');
    const tensor = { dtype: 'float32' as const, shape: [2], data: new Float32Array(2) };
    const metadata = { format: 'ganport-checkpoint-1', step: '4', scores: '{}' };
    await writeWeights(workspace.path('foreign', LATEST), { 'other.weight': tensor }, metadata);
    const message =
      /safetensors does not fit the networks: expected \S+ of float32 \[[\d,]+\], got nothing; give run\.json back the networks/;
    const before = workspace.contents('foreign');
    expect(await failure(1, 'train', '--resume', run, '--steps', '8')).toMatch(message);
    expect(workspace.contents('foreign')).toEqual(before);
    // A file that ganport did not write has no digest.
    await writeWeights(
      workspace.path('foreign', LATEST),
      { 'other.weight': tensor },
      { format: 'pt' },
    );
    expect(await failure(1, 'train', '--resume', run)).toMatch(/is not a ganport checkpoint/);
  });

  test('has the data it was trained on', async () => {
    const before = workspace.contents('run');
    const other = writeDigits(workspace, 'other-digits', 11);
    const line = ['--resume', workspace.path('run'), '--data-dir', other];
    expect(await failure(1, 'train', ...line)).toMatch(
      /the data are not those of \S+run: expected digits with SHA-256 \w{64}, got other-digits with \w{64}/,
    );
    expect(workspace.contents('run')).toEqual(before);
  });

  test('has steps to do; else nothing is changed, and it says so', async () => {
    const before = workspace.contents('run');
    const run = workspace.path('run');
    for (const steps of [[], ['--steps', '3']]) {
      const outcome = await ganport('train', '--resume', run, ...steps);
      expect(outcome).toMatchObject({ code: 0, stderr: '' });
      expect(outcome.stdout).toContain(`${run} has done its 4 steps already`);
    }
    expect(workspace.contents('run')).toEqual(before);
  });
});

test('a batch that leaves one value per channel is wrong usage', async () => {
  const layers = [{ type: 'dense', units: 3 }, { type: 'batchNorm' }, ...TINY.generator.layers];
  const generator = { ...TINY.generator, layers };
  const path = workspace.write('norm.json', JSON.stringify({ ...TINY, generator }));
  const before = workspace.contents();
  const out = workspace.path('one');
  expect(await failure(2, 'train', '--config', path, '--batch', '1', '--out', out)).toBe(
    'ganport: generator, layer 1 "1" (batchNorm): a batch of 1 leaves it one value per channel of [3], which has no variance: use --batch 2 or more\n',
  );
  expect(workspace.contents()).toEqual(before);
});

describe('a folder for a new run', () => {
  test('is empty', async () => {
    const before = workspace.contents('run');
    const run = workspace.path('run');
    expect(await failure(1, ...train, '--out', run)).toContain(
      `${run} is not empty: choose another --out, or continue it with --resume ${run}`,
    );
    expect(await failure(1, ...train, '--out', digits)).not.toContain('--resume');
    expect(workspace.contents('run')).toEqual(before);
  });

  // Root may write to any folder, so these are paths where nobody can.
  test.each([
    ['a file', 'tiny.json', 'there is a file of that name: choose another'],
    ['under a file', 'tiny.json/run', 'a part of the path is not a folder'],
    ['at the end of a link to itself', 'loop/run', 'ELOOP'],
  ])('is not %s', async (_, name, message) => {
    if (name.startsWith('loop')) symlinkSync('loop', workspace.path('loop'));
    const before = workspace.contents();
    const out = workspace.path(name);
    const error = await failure(1, ...train, '--out', out);
    expect(error).toContain(`cannot make the folder ${out}: `);
    expect(error).toContain(message);
    expect(workspace.contents()).toEqual(before);
  });

  test.runIf(existsSync('/proc/self'))('is not in a file system that makes none', async () => {
    for (const out of ['/proc/run', '/proc/ganport/run']) {
      const error = await failure(1, ...train, '--out', out);
      expect(error).toContain(`cannot make the folder ${out}: `);
    }
  });
});

describe('a data folder', () => {
  const images = (bytes: Uint8Array) => ({ [IMAGES]: bytes });
  const whole = readFileSync(`${digits}/${IMAGES}`);
  const damaged = Buffer.from(whole);
  damaged.writeUInt32BE(0x0d03, 0);
  const oversized = Buffer.from(whole);
  oversized.writeUInt32BE(2 ** 31, 4);
  const small = idx([12, 8, 8], new Uint8Array(12 * 64));
  test.each<[string, Record<string, Uint8Array>, RegExp]>([
    ['truncated images', images(whole.subarray(0, -1)), /expected 9424 bytes .*, got 9423/],
    ['images that are longer', images(Buffer.concat([whole, whole])), /expected 9424 bytes/],
    [
      'a wrong magic number',
      images(damaged),
      /magic number 0x00000803 or 0x00000804, got 0x00000d03/,
    ],
    ['a header of terabytes', images(oversized), /its header says \[2147483648,28,28\].*at most/],
    ['too few labels', { [LABELS]: idx([3], [1, 2, 3]) }, /expected 12 labels.*got 3/],
  ])('has no %s', async (name, files, message) => {
    const folder = writeDigits(workspace, name);
    for (const [file, bytes] of Object.entries(files)) workspace.write(`${name}/${file}`, bytes);
    const line = ['train', '--config', config, '--data-dir', folder];
    expect(await failure(1, ...line, '--out', workspace.path('out'))).toMatch(message);
    expect(Object.keys(workspace.contents()).filter((path) => path.startsWith('/out'))).toEqual([]);
  });

  test('has images of the size the networks take', async () => {
    const folder = writeDigits(workspace, 'small');
    workspace.write(`small/${IMAGES}`, small);
    expect(await failure(2, 'train', '--config', config, '--data-dir', folder)).toContain(
      'discriminator: its image is [1,28,28], but small has images of [1,8,8]',
    );
  });

  test('exists, and has digits', async () => {
    mkdirSync(workspace.path('nothing'));
    const line = ['train', '--config', config, '--data-dir'];
    expect(await failure(1, ...line, workspace.path('nowhere'))).toMatch(
      /nowhere: no such file or folder: check the path \(ENOENT\)/,
    );
    expect(await failure(1, ...line, workspace.path('nothing'))).toMatch(
      /has no images to train on/,
    );
  });

  test('is not given for images that code draws', async () => {
    const message = /data source glyphs is drawn by code, not read from \S+digits/;
    expect(await failure(1, 'train', '--data', 'glyphs', '--data-dir', digits)).toMatch(message);
  });
});
