/** The classifier that comes with ganport: digits drawn by code, which it has never seen. */
import { numbersOf } from '@ganport/model';
import { openProgram } from '@ganport/runtime/node';
import { expect, test } from 'vitest';
import { glyphImages } from '../src/data/glyphs.ts';
import { memoryDataset } from '../src/data/memory.ts';
import { modeHistogram } from '../src/evaluate/class-scores.ts';
import { createExtractor } from '../src/evaluate/extractor.ts';
import { measure } from '../src/evaluate/measure.ts';
import { fitsClassifier, readClassifier } from '../src/evaluate/mnist-classifier.ts';
import { atOnce } from '../src/evaluate/parts.ts';

test('it is the pinned file, and tells most drawn digits', async () => {
  const dataset = memoryDataset(glyphImages({ seed: 1, count: 200 }));
  expect(fitsClassifier(dataset)).toBe(true);
  expect(fitsClassifier({ ...dataset, channels: 3 })).toBe(false);
  const program = await openProgram(await readClassifier(), { device: 'cpu' });
  try {
    const { dim, classes, extract } = createExtractor(program, {
      size: dataset,
      what: 'classifier',
    });
    expect([dim, classes]).toEqual([64, 10]);
    const bytes = await dataset.read(Uint32Array.from({ length: 200 }, (_, i) => i));
    const { logits } = await extract(numbersOf(bytes, [1, 28, 28]));
    const right = Array.from({ length: 200 }, (_, i) => {
      return modeHistogram(logits!.subarray(10 * i, 10 * i + 10), 10)[i % 10]!;
    });
    // Drawn digits are of another hand: half is five times chance.
    expect(right.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(100);
  } finally {
    await program.close();
  }
});

test('scores are the same whatever is run at a time: 1, 7 or 64 images', async () => {
  const dataset = memoryDataset(glyphImages({ seed: 2, count: 72 }));
  const bytes = await dataset.read(Uint32Array.from({ length: 72 }, (_, i) => i));
  const images = numbersOf(bytes, [1, 28, 28]);
  const program = await openProgram(await readClassifier(), { device: 'cpu', threads: 2 });
  try {
    const shape = { dim: 64, classes: 10 };
    const { extract } = createExtractor(program, { size: dataset, what: 'classifier' });
    const scores = async (batch: number) => {
      const [features, logits]: [number[], number[]] = [[], []];
      for (let at = 0; at < 72; at += batch) {
        const part = await extract(images.subarray(at * 784, (at + batch) * 784));
        features.push(...part.features);
        logits.push(...part.logits!);
      }
      const rows = (from: number, to: number) => ({
        features: Float32Array.from(features.slice(from * 64, to * 64)),
        logits: Float32Array.from(logits.slice(from * 10, to * 10)),
      });
      return atOnce(measure(rows(0, 48), rows(48, 72), shape));
    };
    const whole = await scores(64);
    expect(await scores(1)).toEqual(whole);
    expect(await scores(7)).toEqual(whole);
  } finally {
    await program.close();
  }
});
