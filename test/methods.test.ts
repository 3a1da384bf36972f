/** What docs/methods.md is made of: its sweeps, and its own data sets. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDataset, openExtractor, planSweep, readClassifier } from '@ganport/train';
import { describe, expect, test } from 'vitest';
import { drawShapes } from '../bench/src/methods/shapes.ts';
import { stackClassifier, stackDigits } from '../bench/src/methods/stacked.ts';
import { SWEEPS } from '../bench/src/methods/sweeps.ts';
import { benchMethods } from '../bench/src/methods.ts';

test.each(Object.entries(SWEEPS))('the sweep %s is one', (name, { base, vary }) => {
  expect(planSweep({ base, vary }, name, '/').runs.length).toBeGreaterThan(0);
});

test('tables are made of what there is, with rows of PyTorch', async () => {
  const out = mkdtempSync(join(tmpdir(), 'ganport-methods-'));
  const run = { digest: '', step: 9, status: 'done', msPerStep: 12 };
  const published = { with: 'as published', seed: '0' };
  const scored = (frechet: number) => ({ scores: { 'Fréchet distance': frechet } });
  mkdirSync(join(out, 'improved-mlp'));
  mkdirSync(join(out, 'pytorch'));
  const write = (name: string, json: unknown) =>
    writeFileSync(join(out, name), JSON.stringify(json));
  const name = 'with=as_published,seed=0';
  const runs = [{ ...run, name, settings: published, ...scored(20) }];
  write('improved-mlp/results.json', { format: 1, runs });
  for (const seed of [0, 1]) {
    const settings = { with: 'as published, by PyTorch', seed: String(seed) };
    write(`pytorch/mlp,seed=${seed}.json`, { ...run, name: `${seed}`, settings, ...scored(seed) });
  }
  const options = { dataDir: undefined, scale: 1, threads: 1, python: undefined };
  const tables = await benchMethods({ out, only: [], ...options, onProgress: () => {} });
  rmSync(out, { recursive: true });
  for (const { title } of Object.values(SWEEPS)) expect(tables).toContain(`### ${title}\n`);
  const rows = [
    '| as published | 20 | – | – | – | 12 | 9 | 1 |',
    '| improved | – | – | – | – | – | – | not run yet |',
    '| as published, by PyTorch | 0.5 ± 0.71 | – | – | – | 12 ± 0 | 9 | 2 |',
  ];
  expect(tables).toContain(`${rows.join('\n')}\n`);
});

describe('stacked digits', () => {
  test('have a digit of its own in each colour, and are told apart as the three are', async () => {
    const digits = await loadDataset({ source: 'glyphs' });
    const count = 30;
    const file = Buffer.from(await stackDigits(digits, count));
    expect([...file.subarray(0, 4)]).toEqual([0, 0, 8, 4]);
    expect([4, 8, 12, 16].map((at) => file.readUInt32BE(at))).toEqual([count, 28, 28, 3]);
    const pixels = file.subarray(20);
    expect(pixels).toHaveLength(count * 784 * 3);
    // [N, H, W, C] bytes as [N, C, H, W] in −1…1.
    const planes = Float32Array.from({ length: pixels.length }, (_, at) => {
      const [image, channel, pixel] = [Math.floor(at / 2352), Math.floor(at / 784) % 3, at % 784];
      return pixels[(image * 784 + pixel) * 3 + channel]! / 127.5 - 1;
    });
    const classifier = await readClassifier();
    const extract = async (model: Uint8Array, channels: number) => {
      const size = { channels, height: 28, width: 28 };
      const extractor = await openExtractor(model, { size, what: 'the classifier' });
      const extracted = await extractor.extract(planes);
      await extractor.close();
      return extracted;
    };
    const each = await extract(classifier, 1);
    const stacked = await extract(stackClassifier(classifier, 64), 3);
    const told = Array.from({ length: 3 * count }, (_, i) =>
      largest(each.logits!.subarray(10 * i, 10 * i + 10)),
    );
    for (let i = 0; i < count; i++) {
      const [hundreds, tens, ones] = told.slice(3 * i, 3 * i + 3) as [number, number, number];
      const logits = stacked.logits!.subarray(1000 * i, 1000 * i + 1000);
      expect(largest(logits)).toBe(100 * hundreds + 10 * tens + ones);
    }
    expect(stacked.features).toHaveLength(192 * count);
    expect(stacked.features).toEqual(each.features);
    // Orders of the three are not the same.
    expect(told.filter((digit, i) => i % 3 === 0 && digit !== told[i + 1])).not.toHaveLength(0);
  });
});

function largest(values: Float32Array): number {
  return values.indexOf(Math.max(...values));
}

test('shapes are of four kinds, in turns, lighter than their ground', () => {
  const { images, labels } = drawShapes(8);
  expect([...labels.subarray(8)]).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  const pixels = images.subarray(20);
  expect(pixels).toHaveLength(8 * 32 * 32 * 3);
  for (let i = 0; i < 8; i++) {
    const image = pixels.subarray(i * 3072, (i + 1) * 3072);
    expect(Math.max(...image)).toBeGreaterThan(90);
    expect(Math.min(...image)).toBeLessThanOrEqual(60);
  }
  expect(drawShapes(8)).toEqual({ images, labels });
});
