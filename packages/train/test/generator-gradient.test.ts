/** The size of the generator's gradient, from what Adam keeps of it. */
import { expect, test } from 'vitest';
import { generatorGradient } from '../src/generator-gradient.ts';

/** Moments of numbers that are the same in each of `steps` steps, as Adam adds them up from 0. */
function moments(numbers: number[], beta: number, steps: number): Float32Array {
  return Float32Array.from(numbers, (x) => {
    let moment = 0;
    for (let t = 0; t < steps; t++) moment = beta * moment + (1 - beta) * x;
    return moment;
  });
}

const adam = { learningRate: 1e-3, beta1: 0.5, epsilon: 1e-8 };

test.each([1, 7, 500])('after %i steps it is the root mean square over all weights', (steps) => {
  const state = {
    'adam_m.generator.0.weight': moments([3e-3, -1e-3], 0.5, steps),
    'adam_m.generator.0.bias': moments([2e-3], 0.5, steps),
    'adam_v.generator.0.weight': moments([9e-6, 1e-6], 0.99, steps),
    'adam_v.generator.0.bias': moments([4e-6], 0.99, steps),
    'adam_v.discriminator.0.weight': Float32Array.of(100),
    'generator.0.weight': Float32Array.of(5, 6),
  };
  const { now, before } = generatorGradient(state, { adam: { ...adam, beta2: 0.99 } }, steps);
  const size = Math.sqrt((9e-6 + 1e-6 + 4e-6) / 3);
  expect(now / size).toBeCloseTo(1, 6);
  expect(before / size).toBeCloseTo(1, 4);
});

test('of a β₂ that is scheduled, what it now is counts', () => {
  const beta2 = { from: 0.5, to: 0.9, steps: 2, shape: 'linear' } as const;
  const state = { 'adam_v.generator.0.weight': Float32Array.of(1 - 0.9 ** 5) };
  expect(generatorGradient(state, { adam: { ...adam, beta2 } }, 5).before).toBeCloseTo(1, 6);
});
