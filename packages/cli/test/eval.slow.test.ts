/** What `ganport eval` tells of a generator of classes, and what a run on digits keeps as its best. */
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { exportGenerator } from '@ganport/export';
import { buildModel, encodeModel, input, ops } from '@ganport/onnx';
import { loadGenerator } from '@ganport/sample/node';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { greyPng } from '../../train/test/files.ts';
import { npy, zip } from '../../train/test/npy.ts';
import { failure, ganport } from './run.ts';
import { TINY, Workspace, writeDigits } from './workspace.ts';

const workspace = new Workspace();
afterAll(() => workspace.remove());

async function succeed(...args: string[]): Promise<string> {
  const outcome = await ganport(...args);
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  return outcome.stdout;
}

const label = { type: 'embedding', name: 'class', from: 'label', units: 4 };
const [CLASSES, RUN] = [workspace.path('classes'), workspace.path('run')];
beforeAll(async () => {
  const generator = {
    inputs: { z: [4], label: { classes: 10 } },
    layers: [label, { type: 'concat', from: ['z', 'class'] }, ...TINY.generator.layers],
  };
  const file = workspace.write('classes.json', JSON.stringify({ ...TINY, generator, steps: 1 }));
  await succeed('train', '--config', file, '--threads', '1', '--out', CLASSES);
  const config = workspace.write('tiny.json', JSON.stringify(TINY));
  await succeed('train', '--config', config, '--threads', '1', '--out', RUN);
});

test('class accuracy is told of a generator of the digits, beside that of the data', async () => {
  const measured = await succeed('eval', CLASSES, '--data', 'glyphs', '--count', '60', '--json');
  const { metrics, modes } = JSON.parse(measured);
  const { value, floor, better } = metrics['class accuracy'];
  expect(better).toBe('higher');
  // Digits drawn by code are known to it; what is drawn after one step is not.
  expect(floor).toBeGreaterThan(0.9);
  expect(value).toBeLessThan(0.5);
  // Every class is asked for as often: no more can be right than are taken for it.
  const most = modes.generated.reduce((sum: number, p: number) => sum + Math.min(p, 0.1), 0);
  expect(value).toBeLessThanOrEqual(most + 1e-9);
  const text = await succeed('eval', CLASSES, '--data', 'glyphs', '--count', '24');
  expect(text).toMatch(/^ +pictures +real images +better$/m);
  expect(text).toMatch(/^class accuracy +\d\.\d+ ± \d\S* +\d\S* ± \S+ +higher$/m);
  const shares = [...text.matchAll(/^of class (\d) +(\d+) % +(\d+) %$/gm)].map(([, ...of]) => of);
  expect(shares.map(([name]) => name).join('')).toBe('0123456789');
  const sum = (column: number) => shares.reduce((total, of) => total + Number(of[column]), 0);
  // Of ten numbers that are rounded.
  for (const column of [1, 2]) expect(Math.abs(sum(column) - 100)).toBeLessThanOrEqual(5);
});

test('pictures in an array get what the generator that drew them gets', async () => {
  const { model } = await exportGenerator(RUN, { version: '0' });
  const { sampler } = await loadGenerator({ path: RUN, bytes: model }, { device: 'cpu' });
  const { data } = await sampler.sample({ seed: 42, start: 0, count: 30 });
  await sampler.close();
  const array = `npy:${workspace.write('pictures.npy', npy([30, 28, 28], data))}`;
  const measured = async (of: string) =>
    JSON.parse(await succeed('eval', of, '--data', 'glyphs', '--count', '30', '--json'));
  const drawn = await measured(RUN);
  expect(await measured(array)).toEqual(drawn);
  const unit = Float32Array.from(data, (level) => level / 255);
  const floats = `npy:${workspace.write('unit.npy', npy([30, 28, 28], unit, { descr: '<f4' }))}`;
  expect(await measured(floats)).toEqual(drawn);
  const signed = ['eval', floats, '--data', 'glyphs', '--pictures-range=-1..1', '--json'];
  expect(JSON.parse(await succeed(...signed))).not.toEqual(drawn);
  // More are not there.
  const more = await ganport('eval', array, '--data', 'glyphs', '--count', '40', '--json');
  expect(JSON.parse(more.stdout)).toMatchObject({ count: 30 });
  expect(more.stderr).toBe(`${array} has 30 pictures: all are compared, not 40\n`);
  const few = `npy:${workspace.write('few.npy', npy([23, 28, 28], data.subarray(0, 23 * 784)))}`;
  expect(await ganport('eval', few, '--data', 'glyphs')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('expected at least 24 pictures, got 23'),
  });
});

test('a run is compared with what it was trained on, wherever that is now', async () => {
  const few = ['--count', '24', '--json'];
  const named = await succeed('eval', RUN, '--data', 'glyphs', ...few);
  expect(await succeed('eval', RUN, ...few)).toBe(named);

  const digits = writeDigits(workspace, 'digits', 48);
  const settings = { ...TINY, steps: 1, data: 'mnist', dataDir: 'digits' };
  const file = workspace.write('digits.json', JSON.stringify(settings));
  const run = workspace.path('of-digits');
  await succeed('train', '--config', file, '--threads', '1', '--out', run);
  const moved = workspace.path('moved');
  renameSync(digits, moved);
  expect(await failure(1, 'eval', run, ...few.slice(0, 2))).toMatch(
    /digits.*no such file or folder.*; say where they are with --data-dir, or name others with --data/,
  );
  expect(JSON.parse(await succeed('eval', run, '--data-dir', moved, ...few))).toMatchObject({
    count: 24,
  });
  const others = writeDigits(workspace, 'others', 50);
  expect(await failure(1, 'eval', run, '--data-dir', others)).toContain(
    `the data are not those of ${run}: expected `,
  );
});

test('no class accuracy is told of a generator without classes', async () => {
  const text = await succeed('eval', RUN, '--data', 'glyphs', '--count', '24');
  expect(text).toMatch(/^KID +\S+ ± \S+ +\S+ ± \S+ +lower$/m);
  expect(text).not.toContain('class accuracy');
});

test('data are what train takes: a folder of pictures of any size, arrays of floats', async () => {
  vi.stubEnv('XDG_CACHE_HOME', workspace.path('cache'));
  mkdirSync(workspace.path('cats'));
  for (let i = 0; i < 48; i++) workspace.write(`cats/${i}.png`, await greyPng(33 + (i % 5)));
  workspace.write('cats/broken.png', 'no picture');
  const few = ['eval', RUN, '--count', '24', '--data'];
  const cats = [...few, `folder:${workspace.path('cats')}`];
  const failed = async (...args: string[]) => {
    const { code, stderr } = await ganport(...cats, ...args);
    return [code, stderr];
  };
  expect(await failed()).toEqual([1, expect.stringMatching(/"[^"]*broken\.png": expected PNG/)]);
  // The features that are there are for 28 × 28.
  expect(await failed('--on-bad-image', 'skip')).toEqual([
    1,
    expect.stringContaining(
      "cats has images of 32×32×1, and ganport's own features are for 28×28×1: name a model of theirs with --features",
    ),
  ]);
  const text = await succeed(...cats, '--on-bad-image', 'skip', '--size', '28');
  expect(text).toContain('24 pictures beside cats, by');
  const floats = Float32Array.from({ length: 48 * 784 }, (_, i) => Math.sin(i));
  const array = workspace.write('faces.npy', npy([48, 28, 28], floats, { descr: '<f4' }));
  expect(await succeed(...few, `npy:${array}`, '--range=-1..1')).toContain('beside faces');
});

test('a model of features gets what it takes: another size, colour, its range', async () => {
  const image = input('image', 'float32', ['N', 3, 4, 4]);
  const features = ops.Reshape(image, ['N', 48]);
  const model = buildModel({ name: 'features', inputs: [image], outputs: { features } });
  const path = workspace.write('features.onnx', encodeModel(model));
  const of = async (range: string) => {
    const args = ['--data', 'glyphs', '--count', '24', '--features', path, '--json'];
    const { metrics } = JSON.parse(await succeed('eval', RUN, ...args, '--features-range', range));
    return metrics['Fréchet distance'];
  };
  const [small, large] = [await of('0..1'), await of('0..255')];
  expect(small.value).toBeGreaterThan(small.floor);
  expect(large.value / small.value / 255 ** 2).toBeCloseTo(1, 3);
  const faces = workspace.write('small.npy', npy([48, 8, 8], new Uint8Array(48 * 64)));
  const other = ['eval', RUN, '--count', '24', '--features', path, '--data'];
  expect(await failure(1, ...other, `npy:${faces}`)).toMatch(
    /the pictures are of 28×28×1, but small has images of 8×8×1\n$/,
  );
  const cats = ['--on-bad-image', 'skip', '--size', '32'];
  const { stderr } = await ganport(...other, `folder:${workspace.path('cats')}`, ...cats);
  expect(stderr).toContain('cats has images of 32×32×1: --size 28 --channels 1 makes them so\n');
});

test('no class accuracy is told of data whose classes only have the names of digits', async () => {
  const noise = Uint8Array.from({ length: 60 * 784 }, (_, i) => (i * 7919) % 256);
  const named = {
    x: npy([60, 28, 28], noise),
    y: npy(
      [60],
      Uint8Array.from({ length: 60 }, (_, i) => i % 10),
    ),
  };
  const path = workspace.write(
    'clothes.npz',
    zip(Object.fromEntries(Object.entries(named).map(([name, bytes]) => [`${name}.npy`, bytes]))),
  );
  const { code, stdout, stderr } = await ganport(
    ...['eval', CLASSES, '--count', '24', '--data', `npy:${path}`],
  );
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('beside clothes');
  expect(stdout).not.toContain('class accuracy');
  expect(stderr).toContain('takes less than half of clothes for what they are');
});

test('a run on digits keeps the best by features, and an old one goes on with its pixels', async () => {
  const best = () => readFileSync(`${RUN}/best`, 'utf8');
  expect(best()).toMatch(/^step-00000[24]\.safetensors\n\{"frechet":\d+\.\d+,"swd":0\.\d+\}\n$/);
  const resume = (steps: string) => succeed('train', '--resume', RUN, '--steps', steps);
  // As a ganport that knew no features wrote it, of pixels that are hard to beat and then easy.
  const old = 'step-000004.safetensors\n{"swd":1e-9}\n';
  workspace.write('run/best', old);
  await resume('6');
  expect(best()).toBe(old);
  workspace.write('run/best', old.replace('1e-9', '1e9'));
  await resume('8');
  expect(best()).toMatch(/^step-00000[68]\.safetensors\n\{"frechet":/);
});
