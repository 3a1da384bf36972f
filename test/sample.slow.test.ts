/** Trained convolutional generators, drawn in batches of any size. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportGenerator } from '../packages/export/src/index.ts';
import { openProgram } from '../packages/runtime/src/node.ts';
import { openSampler } from '../packages/sample/src/index.ts';
import { trainSmall } from './small-run.ts';

let root: string;
const runs = {} as Record<'grey' | 'colour', string>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ganport-sample-'));
  runs.grey = join(root, 'grey');
  runs.colour = join(root, 'colour');
  await trainSmall(runs.grey, { channels: 1, ema: 0 });
  await trainSmall(runs.colour, { channels: 3, ema: 0.9 });
});

afterAll(() => rm(root, { recursive: true, force: true }));

test.each([
  ['grey', 'uint8', 1],
  ['grey', 'uint8', 2],
  ['colour', 'float32', 1],
  ['colour', 'float32', 2],
] as const)('%s, %s, threads: %i: the same bytes in runs of any size', async (...parameters) => {
  const [run, output, threads] = parameters;
  const { model } = await exportGenerator(runs[run], { output, version: 'test' });
  const drawn: Uint8Array[] = [];
  for (const maxBatch of [1, 2, 3, 5, 16, 50]) {
    const sampler = await openSampler({
      model,
      open: (bytes) => openProgram(bytes, { device: 'cpu', threads }),
      maxBatch,
    });
    drawn.push((await sampler.sample({ seed: 4, count: 50 })).data);
    await sampler.close();
  }
  expect(new Set(drawn[0]).size, 'the pictures must not be flat').toBeGreaterThan(20);
  for (const data of drawn) expect(Buffer.compare(data, drawn[0]!)).toBe(0);
});
