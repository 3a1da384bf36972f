/**
 * Metrics beside torch-fidelity's, where there is a Python with it:
 * `python3 -m venv .cache/torch-fidelity && .cache/torch-fidelity/bin/pip install torch-fidelity`,
 * or another that TORCH_FIDELITY_PYTHON names.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { latentBatch, normalQuantile, randomSequence, STREAM } from '@ganport/model';
import { expect, test } from 'vitest';
import { classScore } from '../src/evaluate/class-scores.ts';
import { frechetTo } from '../src/evaluate/frechet.ts';
import { kernelDistance } from '../src/evaluate/kid.ts';
import { neighbourhoods } from '../src/evaluate/neighbours.ts';
import { atOnce } from '../src/evaluate/parts.ts';
import { resizePlanes } from '../src/evaluate/resize.ts';
import { mongeTo } from '../src/evaluate/sliced-wasserstein.ts';

const PROGRAM = fileURLToPath(new URL('torch-fidelity.py', import.meta.url));
const INSTALLED = fileURLToPath(
  new URL('../../../.cache/torch-fidelity/bin/python', import.meta.url),
);
const python = process.env.TORCH_FIDELITY_PYTHON ?? (existsSync(INSTALLED) ? INSTALLED : undefined);

const DIM = 64;
const COUNT = 1000;
const DIRECTIONS = 50;

test.skipIf(!python)('metrics are torch-fidelity’s, within 1e-5, and resizing is PyTorch’s', () => {
  // As features after a ReLU are: none below 0; of another mean and spread for each.
  const real = latentBatch(1, 0, COUNT, DIM).map((x, i) => Math.max(0, x + (i % 5) / 5));
  const generated = latentBatch(2, 0, COUNT, DIM).map((x, i) => Math.max(0, 1.1 * x + (i % 4) / 5));
  const { uniform } = randomSequence(0, STREAM.projections, 0);
  const directions = Float32Array.from({ length: DIRECTIONS * DIM }, () =>
    normalQuantile(uniform()),
  );
  const input = Buffer.concat(
    [real, generated, directions].map(({ buffer }) => Buffer.from(buffer)),
  );
  const args = [PROGRAM, String(DIM), String(DIRECTIONS)];
  const { stdout, stderr, status } = spawnSync(python!, args, { input });
  expect(status, String(stderr)).toBe(0);
  const { precision, recall } = atOnce(neighbourhoods(real, generated, DIM));
  const got = {
    frechet: atOnce(atOnce(frechetTo(real, DIM))(generated)),
    mind: atOnce(atOnce(mongeTo(real, DIM, { projections: DIRECTIONS }))(generated)),
    kid: atOnce(kernelDistance(real, generated, DIM)),
    score: classScore(generated, DIM),
    precision,
    recall,
  };
  const { resized, ...expected } = JSON.parse(
    String(stdout).trim().split('\n').at(-1)!,
  ) as typeof got & { resized: number[][] };
  const apart = Object.entries(got).map(([name, value]) => {
    return Math.abs(value / expected[name as keyof typeof got] - 1);
  });
  expect(Math.max(...apart)).toBeLessThan(1e-5);
  const image = Float32Array.from({ length: 35 }, (_, i) => (37 * i) % 101);
  const sizes = [
    { height: 3, width: 11 },
    { height: 13, width: 4 },
  ];
  for (const [i, size] of sizes.entries()) {
    const own = resizePlanes(image, { height: 5, width: 7 }, size);
    expect(own).toHaveLength(resized[i]!.length);
    expect(Math.max(...own.map((x, at) => Math.abs(x - resized[i]![at]!)))).toBeLessThan(1e-5);
  }
});
