import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOrder } from '../src/data/index.ts';

const RUNS = { seed: 20_261_123, numRuns: 300 };

const sizes = {
  seed: fc.nat(),
  batch: fc.integer({ min: 1, max: 40 }),
  count: fc.integer({ min: 1, max: 30 }),
};

/** The images of the first `steps` steps, one after the other. */
function firstSteps(seed: number, batch: number, count: number, steps: number): number[] {
  const order = batchOrder(seed, batch, count);
  return Array.from({ length: steps }, (_, step) => [...order(step)]).flat();
}

test('every image is seen once per epoch, whatever the batch', () => {
  fc.assert(
    fc.property(fc.record(sizes), ({ seed, batch, count }) => {
      const seen = firstSteps(seed, batch, count, Math.ceil((3 * count) / batch));
      for (let epoch = 0; epoch < 3; epoch += 1) {
        const sorted = seen.slice(epoch * count, (epoch + 1) * count).sort((a, b) => a - b);
        expect(sorted).toEqual(Array.from({ length: count }, (_, i) => i));
      }
    }),
    RUNS,
  );
});

test('a step has the same images wherever training begins, and in whatever order it goes', () => {
  fc.assert(
    fc.property(fc.record(sizes), fc.array(fc.nat(20)), ({ seed, batch, count }, steps) => {
      const seen = firstSteps(seed, batch, count, 21);
      const order = batchOrder(seed, batch, count);
      for (const step of steps) {
        const indices = order(step);
        // Also where an epoch ends in the middle of it.
        expect(indices).toHaveLength(batch);
        expect([...indices]).toEqual(seen.slice(step * batch, (step + 1) * batch));
      }
    }),
    RUNS,
  );
});

test('the order differs between epochs and between seeds', () => {
  const [first, second] = [0, 1].map((step) => [...batchOrder(7, 100, 100)(step)]);
  expect(second).not.toEqual(first);
  expect([...batchOrder(8, 100, 100)(0)]).not.toEqual(first);
});

test('a seed that is not an integer is refused', () => {
  expect(() => batchOrder(0.5, 1, 1)).toThrow('seed');
});
