/** How near to each other the losses of the same training are on two runtimes. */
import { expect } from 'vitest';
import { STEPS, type Trained } from './web-training.ts';

/**
 * Runtimes add up in other orders, so numbers of float32 differ in their last digits. After ten steps losses
 * near 1 were seen 2.4e-7 apart, and images 1.8e-7: WebAssembly in Node and in Chromium, and WebGPU.
 */
const TOLERANCE = 1e-5;

export function expectSameTraining(got: Trained, expected: Trained): void {
  expect(got.metrics).toHaveLength(STEPS);
  got.metrics.forEach((metrics, i) => {
    expect(Object.keys(metrics)).toEqual(Object.keys(expected.metrics[i]!));
    for (const [name, value] of Object.entries(metrics)) {
      const apart = Math.abs(value - expected.metrics[i]![name]!);
      expect(apart, `${name} of step ${i + 1}`).toBeLessThan(TOLERANCE);
    }
  });
  // Losses that stand still would agree for the wrong reason.
  const [first, last] = [expected.metrics[0]!, expected.metrics.at(-1)!];
  expect(Math.abs(first.gLoss! - last.gLoss!)).toBeGreaterThan(1e-2);
  expect(got.images).toHaveLength(expected.images.length);
  const apart = got.images.map((value, i) => Math.abs(value - expected.images[i]!));
  expect(Math.max(...apart), 'images').toBeLessThan(TOLERANCE);
}
