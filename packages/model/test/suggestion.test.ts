import { expect, test } from 'vitest';
import { suggestion } from '../src/suggestion.ts';

const KNOWN = ['batch', 'discriminatorSteps', 'ema', 'every', 'seed', 'steps'];

test.each([
  ['stepz', 'steps'],
  ['step', 'steps'],
  ['setps', 'steps'],
  ['Batch', 'batch'],
  ['discriminator_steps', 'discriminatorSteps'],
  ['emma', 'ema'],
  ['amp', undefined],
  ['learningRate', undefined],
  ['', undefined],
  ['x'.repeat(1_000_000), undefined],
])('%.30s is %s', (name, meant) => {
  expect(suggestion(name, KNOWN)).toBe(meant);
});
