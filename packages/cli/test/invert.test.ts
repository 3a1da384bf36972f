/** `ganport invert` on a small generator, and bad input of it and of `interpolate`: one line each. */
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeImages } from '@ganport/sample/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildGenerator, decodePicture } from '../../sample/test/fixture.ts';
import { failure, ganport } from './run.ts';

const { model, expected } = buildGenerator({ latent: 6, height: 7, width: 5 });
const own = expected(7, 3);

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganport-invert-'));
  await writeFile(at('g.onnx'), model);
  const image = { count: 1, height: 7, width: 5, channels: 1, data: own } as const;
  const png = await encodeImages(image, 'png');
  await writeFile(at('own.png'), png);
  await writeFile(at('empty.png'), '');
  await writeFile(at('text.png'), 'no picture');
  await writeFile(at('cut.png'), png.subarray(0, png.length - 20));
});
afterAll(() => rm(folder, { recursive: true }));

const QUICKLY = ['--starts', '3', '--steps', '100', '--prior', '0'];
const searched = (...more: string[]) =>
  ganport('invert', at('g.onnx'), at('own.png'), ...QUICKLY, ...more);

test('a picture of its own is found, told, and drawn beside the given one', async () => {
  const { code, stdout } = await searched('-o', at('both.png'), '--scale', '1');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /both\.png: given and found\. The nearest picture, found from start \d, is /,
  );
  const both = await decodePicture(await readFile(at('both.png')));
  expect(both).toMatchObject({ width: 10, height: 7, channels: 1 });
  const half = (left: number) => both.data.filter((_, i) => i % 10 >= left && i % 10 < left + 5);
  expect(half(0)).toEqual(new Uint8Array(own));
  const most = half(5).reduce((far, level, i) => Math.max(far, Math.abs(level - own[i]!)), 0);
  expect(most).toBeLessThanOrEqual(3);
});

test('the latent is told as JSON', async () => {
  const { stdout } = await searched('--json');
  const found = JSON.parse(stdout);
  expect(found).toMatchObject({ picture: at('own.png'), seed: 42, steps: 100, device: 'cpu' });
  expect(found.z).toHaveLength(6);
  expect(found.rmse).toBeLessThan(1);
  expect(found.mse).toBeCloseTo((found.rmse / 127.5) ** 2, 12);
});

test('what was found is drawn again by sample', async () => {
  const { stdout } = await searched('--json', '-o', at('pair.png'), '--scale', '1');
  await writeFile(at('found.json'), stdout);
  const draw = (...more: string[]) => ['sample', at('g.onnx'), '--z', ...more];
  const drawn = await ganport(...draw(at('found.json')), '-o', at('again.npy'), '--json');
  expect(JSON.parse(drawn.stdout)).toMatchObject({ count: 1, z: at('found.json') });
  const pair = await decodePicture(await readFile(at('pair.png')));
  const right = pair.data.filter((_, i) => i % 10 >= 5);
  expect(new Uint8Array((await readFile(at('again.npy'))).subarray(-35))).toEqual(right);
  for (const [text, why] of [
    ['{', 'is not JSON'],
    ['{}', 'z is missing'],
    ['{"z":["1"]}', 'z.0: '],
    ['{"z":[1e99,0,0,0,0,0]}', 'finite'],
    ['{"z":[1]}', 'its latent has 1 numbers, expected 6 of this model'],
    ['{"z":[1,2,3,4,5,6],"class":"a"}', 'was trained without classes'],
  ]) {
    await writeFile(at('bad.json'), text!);
    expect(await failure(1, ...draw(at('bad.json')))).toContain(why);
  }
  expect(await failure(1, ...draw(at('none.json')))).toContain('no such file');
  const other = ['--seed', '42', '--count', '2'];
  expect(await failure(2, ...draw(at('found.json')), ...other)).toBe(
    'ganport: --z draws one picture, of the latent in the file: leave out --seed and --count\n',
  );
});

test.each([
  ['empty.png', 'it is empty: 0 bytes'],
  ['text.png', 'expected PNG, JPEG, WebP or AVIF, got something else'],
  ['cut.png', 'it is damaged'],
  ['g.onnx', 'expected PNG, JPEG, WebP or AVIF, got something else'],
  ['none.png', 'no such file'],
])('a picture that is none: %s', async (name, why) => {
  const told = await failure(1, 'invert', at('g.onnx'), at(name));
  expect(told).toContain(at(name));
  expect(told).toContain(why);
});

test.each(['walk.webp', 'walk.png'])(
  'a walk that is too large for %s is refused before it is drawn',
  async (name) => {
    const line = [
      'interpolate',
      at('g.onnx'),
      '--stops',
      '1000',
      '--steps',
      '1000',
      '--scale',
      '4',
    ];
    expect(await failure(1, ...line, '-o', at(name))).toContain(
      'at most 268402689 pixels together, got 560000000: lower --stops, --steps or --scale',
    );
  },
);

test('a model that is none, a class of a model without, and other wrong usage', async () => {
  expect(await failure(1, 'invert', at('own.png'), at('own.png'))).toContain(
    `${at('own.png')}: not an ONNX model: it is a PNG picture`,
  );
  const invert = ['invert', at('g.onnx'), at('own.png')];
  expect(await failure(1, ...invert, '--class', '3')).toContain('was trained without classes');
  expect(await failure(2, ...invert, '-o', 'both.gif')).toContain('ends in .png, got "both.gif"');
  // Before the search.
  expect(await failure(1, ...invert, '-o', at('missing/both.png'))).toContain(
    `cannot write ${at('missing/both.png')}: no such file or folder`,
  );
  const before = await readFile(at('own.png'));
  await symlink('own.png', at('link.png'));
  for (const name of ['own.png', 'link.png']) {
    expect(await failure(2, ...invert, '-o', at(name))).toContain('which is read: choose another');
  }
  expect(await readFile(at('own.png'))).toEqual(before);
  expect(await failure(2, ...invert, '--starts', '0')).toContain('--starts: expected an integer');
  expect(await failure(2, ...invert, '--prior', 'much')).toContain('--prior: expected a number');
});
