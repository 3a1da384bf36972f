/** What is said where training has diverged. */
import { expect, test } from 'vitest';
import { DivergenceError, expectFinite, type Standing } from '../src/divergence.ts';

const adam = { learningRate: 0.01, beta1: 0.5, beta2: 0.99, epsilon: 1e-8 };
const rate = 'a lower learning rate, now 0.01: --resume runs/x --learning-rate 0.001';

test.each<[string, Partial<Standing>, string]>([
  ['before the first checkpoint', {}, `try ${rate}. There was no checkpoint yet.`],
  ['after one', { saved: 5 }, `try ${rate}. The checkpoint of step 5 is intact.`],
  [
    'with penalties as published',
    { config: { adam, penalties: { r1: 1, r2: 0, gradient: 10 } } },
    `try ${rate}; or smaller penalties in a new run, now r1 1, gradient 10. There`,
  ],
  [
    'with a penalty that is large',
    { config: { adam, penalties: { gradient: 1e5 } } },
    `try smaller penalties in a new run, now gradient 100000; or ${rate}. There`,
  ],
  [
    'with a penalty that is off',
    { config: { adam, penalties: { gradient: 0 } } },
    `try ${rate}. There`,
  ],
])('%s', (_, standing, said) => {
  const config = { adam, penalties: {} };
  const whole = { step: 7, saved: 0, config, folder: 'runs/x', returns: [], ...standing };
  const check = () => expectFinite({ gLoss: 1, dLoss: Number.NaN }, whole);
  expect(check).toThrow(DivergenceError);
  expect(check).toThrow(`training diverged: at step 7 dLoss is NaN; ${said}`);
  expect(() => expectFinite({ gLoss: 1, w: Float32Array.of(1, -2) }, whole)).not.toThrow();
});
