/** Models without an end: they are given up, and what comes of them later is closed. */
import type { Program } from '@ganport/runtime';
import { expect, test } from 'vitest';
import { openSampler } from '../src/index.ts';
import { loadGenerator } from '../src/node.ts';
import { buildEndless } from './endless.ts';
import { buildGenerator, writeTemporary } from './fixture.ts';

test('a loop of 2^40 trips is left off at the limit', async () => {
  const { path, remove } = await writeTemporary(buildEndless('sine'));
  const began = performance.now();
  try {
    await expect(loadGenerator(path, { device: 'cpu', timeLimitMs: 500 })).rejects.toThrow(
      `${path}: expected it to be loaded and to draw its golden samples within 0.5 s on cpu, got no picture: give it more time (--time-limit), or export it again`,
    );
    expect(performance.now() - began).toBeLessThan(10_000);
  } finally {
    await remove();
  }
});

test('who loads it gives it up', async () => {
  const { path, remove } = await writeTemporary(buildEndless('sine'));
  const controller = new AbortController();
  const reason = new Error('the service is stopped');
  try {
    const loading = loadGenerator(path, { device: 'cpu', signal: controller.signal });
    setTimeout(() => controller.abort(reason), 300);
    await expect(loading).rejects.toBe(reason);
    expect(reason.message).toBe('the service is stopped');
    const late = loadGenerator(path, { device: 'cpu', signal: controller.signal });
    await expect(late).rejects.toBe(reason);
  } finally {
    await remove();
  }
});

const { model } = buildGenerator({ latent: 4 });

test('a model that is open only after the limit is closed', async () => {
  let closed = 0;
  let opened = (_: Program) => {};
  const open = () =>
    new Promise<Program>((resolve) => {
      opened = resolve;
    });
  const reason = new Error('given up');
  const controller = new AbortController();
  const opening = openSampler({ model, open, signal: controller.signal });
  setTimeout(() => controller.abort(reason), 10);
  await expect(opening).rejects.toBe(reason);
  opened({ close: async () => void closed++ } as unknown as Program);
  await new Promise((resolve) => setTimeout(resolve));
  expect(closed).toBe(1);
});

test('a model that cannot be opened within the limit says why', async () => {
  const failure = new Error('no memory');
  const { signal } = new AbortController();
  const open = () => Promise.reject(failure);
  await expect(openSampler({ model, open, signal })).rejects.toBe(failure);
});
