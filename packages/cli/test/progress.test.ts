import { afterEach, describe, expect, test, vi } from 'vitest';
import { trainingProgress } from '../src/progress.ts';

const metrics = { dLoss: 1, gLoss: 2 };
const score = { step: 4, name: 'swd', value: 0.25, best: 0.125 };
const { isTTY, columns } = process.stderr;
afterEach(() => {
  Object.assign(process.stderr, { isTTY, columns });
});

/** Four steps, then the score of their checkpoint, as training tells of them. */
function train(log: (line: string) => void): void {
  const progress = trainingProgress(4, log);
  progress.start();
  for (let step = 1; step <= 4; step++) progress.update(step, metrics);
  progress.score(score);
  progress.stop();
  progress.update(5, metrics);
}

describe('the last score is in the last line', () => {
  test('of a terminal', () => {
    Object.assign(process.stderr, { isTTY: true, columns: 200 });
    let written = '';
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      written += chunk;
      return true;
    });
    try {
      train(() => {});
    } finally {
      spy.mockRestore();
    }
    expect(written.slice(written.lastIndexOf('█'))).toMatch(/^█ 4\/4 .*swd 0\.250 \(best 0\.125\)/);
  });

  test('where there is none', () => {
    Object.assign(process.stderr, { isTTY: false });
    const said: string[] = [];
    train((line) => said.push(line));
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/^step 1\/4 /);
    expect(said[1]).toMatch(/^step 4\/4 .*swd 0\.250 \(best 0\.125\)$/);
  });
});
