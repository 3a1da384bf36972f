import { gradients, input } from '@ganport/onnx';
import { expect, test } from 'vitest';
import { crossEntropy } from '../src/recipe/cross-entropy.ts';
import { numbers, openGraph } from './graphs.ts';

const [COUNT, CLASSES] = [6, 4];
const labels = [0, 3, 1, 1, 2, 3];

/** In double precision, −log softmax. */
function formula(logits: readonly number[]): number {
  const losses = labels.map((label, row) => {
    const own = logits.slice(row * CLASSES, (row + 1) * CLASSES);
    const largest = Math.max(...own);
    const sum = own.reduce((total, x) => total + Math.exp(x - largest), 0);
    return Math.log(sum) + largest - own[label]!;
  });
  return losses.reduce((a, b) => a + b, 0) / COUNT;
}

test.each([1, 30, 300])('is −log softmax at the class, of logits up to %d', async (scale) => {
  const logits = input('logits', 'float32', [COUNT, CLASSES]);
  const label = input('label', 'int64', [COUNT]);
  const loss = crossEntropy(logits, label);
  const [slope] = gradients(loss, [logits]);
  const graph = await openGraph({ logits, label }, { loss, slope: slope! });
  const values = numbers(COUNT * CLASSES, 3).map((x) => Math.fround(scale * x));
  const got = await graph.run({ logits: values, label: labels.map(BigInt) as never });
  await graph.close();
  expect(got.loss![0]).toBeCloseTo(formula(values), 3);
  const step = 1e-4;
  const expected = values.map((_, i) => {
    const at = (by: number) => formula(values.map((x, j) => (j === i ? x + by : x)));
    return (at(step) - at(-step)) / (2 * step);
  });
  got.slope!.forEach((x, i) => {
    expect(x).toBeCloseTo(expected[i]!, 4);
  });
});
