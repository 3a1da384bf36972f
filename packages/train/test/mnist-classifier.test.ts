/** The classifier that comes with ganport: digits drawn by code, which it has never seen. */
import { numbersOf } from '@ganport/model';
import { openProgram } from '@ganport/runtime/node';
import { expect, test } from 'vitest';
import { glyphs } from '../src/data/glyphs.ts';
import { modeHistogram } from '../src/evaluate/class-scores.ts';
import { createExtractor } from '../src/evaluate/extractor.ts';
import { fitsClassifier, readClassifier } from '../src/evaluate/mnist-classifier.ts';

test('it is the pinned file, and tells most drawn digits', async () => {
  const dataset = glyphs({ seed: 1, count: 200 });
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
