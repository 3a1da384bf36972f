/** What steps are estimated to take against the peaks of processes that take them. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Overrides } from '../src/index.ts';

test.each<Overrides>([
  { preset: 'mlp', batch: 8192 },
  { preset: 'mlp', batch: 4096, penalties: { gradient: 10 }, discriminatorSteps: 2 },
  { preset: 'conv', batch: 16, penalties: { r1: 1, r2: 1 }, ema: 0.9 },
])('the estimate is right within a factor of 1.5: %o', (settings) => {
  const program = fileURLToPath(new URL('step-peak.mjs', import.meta.url));
  const printed = execFileSync(process.execPath, [program, JSON.stringify(settings)]);
  const { taken, estimated } = JSON.parse(printed.toString());
  const ratio = taken / estimated;
  console.log(`${JSON.stringify(settings)}: ${ratio.toFixed(2)} times the estimate`);
  expect(ratio).toBeGreaterThan(1 / 1.5);
  expect(ratio).toBeLessThan(1.5);
});
