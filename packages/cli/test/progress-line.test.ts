import { duration } from '@ganport/train';
import { describe, expect, test } from 'vitest';
import { barLine, type ProgressState, plainLine } from '../src/progress-line.ts';

const metrics = { dLoss: 0.914, gLoss: 12.5, dReal: 0.721, dFake: 0.357 };
const state: ProgressState = { step: 12_345, steps: 20_000, metrics, rate: 17.14 };

describe('the bar', () => {
  test('fits every terminal, in one line', () => {
    for (const rate of [undefined, 0.0123, 17.14, 98_765]) {
      for (let columns = 1; columns <= 200; columns += 1) {
        const line = barLine({ ...state, rate }, columns);
        expect(line.length).toBeLessThan(Math.max(2, columns));
        expect(line).not.toMatch(/NaN|Infinity|undefined|e\+|\n/);
      }
    }
  });

  test('says all there is to say in 80 columns, and in words in 120', () => {
    expect(barLine(state, 80)).toBe(
      '███░░ 12345/20000  17.1/s  7m27s  loss D 0.91 G 12.50  D(real) 0.72 (fake) 0.36',
    );
    expect(barLine(state, 120)).toMatch(
      /^█+░+ 12345\/20000 {2}17\.1 steps\/s {2}7m27s left {2}D loss 0\.91 {2}G loss 12\.50 {2}D\(real\) 0\.72 {2}D\(fake\) 0\.36$/,
    );
  });

  test('drops the least important where the terminal is narrow', () => {
    expect(barLine(state, 40)).toMatch(/^[█░]+ 12345\/20000 {2}17\.1\/s {2}7m27s$/);
  });

  test('is as long as the share that is done', () => {
    const filled = (step: number) =>
      barLine({ ...state, step }, 200).replaceAll(/[^█]/g, '').length;
    expect([0, 10_000, 20_000].map(filled)).toEqual([0, 15, 30]);
  });
});

test('the score of the last checkpoint stands beside the best', () => {
  const score = { step: 12_000, name: 'swd', value: 0.12345, best: 0.1 };
  expect(plainLine({ ...state, score })).toMatch(/D\(fake\) 0\.36 {2}swd 0\.123 \(best 0\.100\)$/);
  expect(plainLine({ ...state, score: { ...score, value: 0.1 } })).toMatch(/swd 0\.100 \(best\)$/);
  const large = { ...score, name: 'frechet', value: 3974.2, best: 131.24 };
  expect(plainLine({ ...state, score: large })).toMatch(/frechet 3974 \(best 131\)$/);
});

test('without a terminal the line has no bar', () => {
  expect(plainLine({ ...state, rate: undefined })).toBe(
    'step 12345/20000  D loss 0.91  G loss 12.50  D(real) 0.72  D(fake) 0.36',
  );
});

test.each([
  [0, '0s'],
  [59.2, '1m00s'],
  [90, '1m30s'],
  [3600, '1h00m'],
  [7505, '2h05m'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
