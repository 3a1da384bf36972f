/**
 * Metrics beside torch-fidelity's, where there is a Python with it:
 * `python3 -m venv .cache/torch-fidelity && .cache/torch-fidelity/bin/pip install torch-fidelity`,
 * or another that TORCH_FIDELITY_PYTHON names.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { latentBatch } from '@ganport/model';
import { expect, test } from 'vitest';
import { classScore } from '../src/evaluate/class-scores.ts';
import { frechet } from '../src/evaluate/frechet.ts';
import { kernelDistance } from '../src/evaluate/kid.ts';
import { neighbourhoods } from '../src/evaluate/neighbours.ts';

const PROGRAM = fileURLToPath(new URL('torch-fidelity.py', import.meta.url));
const INSTALLED = fileURLToPath(
  new URL('../../../.cache/torch-fidelity/bin/python', import.meta.url),
);
const python = process.env.TORCH_FIDELITY_PYTHON ?? (existsSync(INSTALLED) ? INSTALLED : undefined);

const DIM = 64;
const COUNT = 1000;

test.skipIf(!python)('metrics are torch-fidelity’s, within 1e-5', () => {
  // As features after a ReLU are: none below 0; of another mean and spread for each.
  const real = latentBatch(1, 0, COUNT, DIM).map((x, i) => Math.max(0, x + (i % 5) / 5));
  const generated = latentBatch(2, 0, COUNT, DIM).map((x, i) => Math.max(0, 1.1 * x + (i % 4) / 5));
  const input = Buffer.concat([real, generated].map(({ buffer }) => Buffer.from(buffer)));
  const { stdout, stderr, status } = spawnSync(python!, [PROGRAM, String(DIM)], { input });
  expect(status, String(stderr)).toBe(0);
  const { precision, recall } = neighbourhoods(real, generated, DIM);
  const got = {
    frechet: frechet(real, generated, DIM),
    kid: kernelDistance(real, generated, DIM),
    score: classScore(generated, DIM),
    precision,
    recall,
  };
  const expected = JSON.parse(String(stdout).trim().split('\n').at(-1)!) as typeof got;
  const apart = Object.entries(got).map(([name, value]) => {
    return Math.abs(value / expected[name as keyof typeof got] - 1);
  });
  expect(Math.max(...apart)).toBeLessThan(1e-5);
});
