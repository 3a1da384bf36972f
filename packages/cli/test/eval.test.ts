/** Bad input of `ganport eval`: one line each. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildModel, encodeModel, input, ops } from '@ganport/onnx';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildEndless, withLoop } from '../../sample/test/endless.ts';
import { failure } from './run.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganport-eval-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** An IDX file of black images. */
function idx(...shape: number[]): Uint8Array {
  const size = shape.reduce((product, n) => product * n, 1);
  const bytes = new Uint8Array(4 + 4 * shape.length + size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 + shape.length);
  for (const [i, n] of shape.entries()) view.setUint32(4 + 4 * i, n);
  return bytes;
}

async function data(...shape: number[]): Promise<string[]> {
  const path = join(folder, `n${shape.join('x')}-images-idx${shape.length}-ubyte`);
  await writeFile(path, idx(...shape));
  return ['--data', 'idx', '--data-dir', path];
}

test.each([
  [['cats'], '--data: expected glyphs, mnist'],
  [['folder:'], 'the command line: data: expected a path after "folder:"'],
  [['folder:a', '--data-dir', 'b'], 'the command line: dataDir: expected none beside'],
  [['folder:a', '--channels', '2'], 'channels'],
  [['folder:a', '--size', '3'], '--size: expected an integer from 4 to 1024'],
])('--data %s is wrong usage', async (data, message) => {
  expect(await failure(2, 'eval', 'm.onnx', '--data', ...data)).toContain(message);
});

test('--data that is a path is told what it may be', async () => {
  const path = join(folder, 'a.parquet');
  await writeFile(path, '');
  const message = (data: string) => failure(2, 'eval', 'm.onnx', '--data', data);
  expect(await message(folder)).toContain(`: did you mean idx:${folder} or folder:${folder}?\n`);
  expect(await message(path)).toContain(`: did you mean parquet:${path}?\n`);
});

test('--size of data of one size', async () => {
  expect(await failure(1, 'eval', 'm.onnx', '--size', '8', ...(await data(48, 8, 8)))).toContain(
    'size is a setting of pictures, but data source idx has images of one size',
  );
});

test('data that nobody names, of what is no run', async () => {
  expect(await failure(2, 'eval', 'm.onnx')).toContain(
    '--data: expected the images to compare with: "m.onnx" is no run folder',
  );
});

test('a range of features without a model', async () => {
  const args = ['--data', 'glyphs', '--features-range', '0..1'];
  expect(await failure(2, 'eval', 'm.onnx', ...args)).toContain('expected --features with it');
});

test('a range of pictures without an array', async () => {
  const args = ['--data', 'glyphs', '--pictures-range', '0..1'];
  expect(await failure(2, 'eval', 'm.onnx', ...args)).toContain('expected npy:FILE with it');
});

test.each([['0'], ['1'], ['23']])('--count %s is too few', async (count) => {
  expect(await failure(2, 'eval', 'm.onnx', '--data', 'glyphs', '--count', count)).toContain(
    '--count: expected an integer from 24 to 65536',
  );
});

test('too few images of the data', async () => {
  expect(await failure(1, 'eval', 'm.onnx', ...(await data(47, 28, 28)))).toContain(
    'has 47 images: expected at least 48 to compare with',
  );
});

test('images that ganport has no features for', async () => {
  const few = ['--count', '24'];
  expect(await failure(1, 'eval', 'm.onnx', ...few, ...(await data(48, 8, 8, 3)))).toContain(
    "has images of 8×8×3, and ganport's own features are for 28×28×1: name a model of theirs with --features",
  );
});

test('a features model that is none', async () => {
  const path = join(folder, 'no.onnx');
  const few = ['--count', '24', '--features', path];
  for (const [text, what] of [
    ['nothing', 'text that begins with "nothing"'],
    ['<!DOCTYPE html><html></html>', 'an HTML page: the download gave a page in place of the file'],
  ] as const) {
    await writeFile(path, text);
    expect(await failure(1, 'eval', 'm.onnx', ...few, ...(await data(48, 8, 8)))).toBe(
      `ganport: ${path}: not an ONNX model: it is ${what}\n`,
    );
  }
});

test('a model without an end is given up at the limit', async () => {
  const path = join(folder, 'endless.onnx');
  await writeFile(path, buildEndless('sine'));
  const limit = ['--count', '24', '--time-limit', '1'];
  expect(await failure(1, 'eval', path, ...limit, ...(await data(48, 28, 28)))).toContain(
    `${path}: expected it to be loaded and to draw its golden samples within 1 s on cpu`,
  );
});

test('a features model without an end is given up at the limit', async () => {
  const image = input('image', 'float32', ['N', 1, 2, 3]);
  const features = ops.Neg(ops.Reshape(image, ['N', 6]));
  const model = encodeModel(
    buildModel({ name: 'features', inputs: [image], outputs: { features } }),
  );
  const path = join(folder, 'endless-features.onnx');
  await writeFile(path, withLoop(model, 'sine'));
  const limit = ['--count', '24', '--time-limit', '1', '--features', path];
  expect(await failure(1, 'eval', 'm.onnx', ...limit, ...(await data(48, 2, 3)))).toContain(
    `${path}: expected features of an image within 1 s, got none: give it more time (--time-limit)`,
  );
});
