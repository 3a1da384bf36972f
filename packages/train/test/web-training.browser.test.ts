/** Training in a real Chromium, on WebAssembly and on WebGPU, beside the CPU in Node. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BundledPage, bundlePage, servePage } from '../../../test/bundled-page.ts';
import {
  gpuWork,
  hasChromium,
  type OpenedPage,
  SOFTWARE_WEBGPU,
  type StartedChromium,
  startChromium,
} from '../../../test/chromium.ts';
import { createEngine } from '../src/index.ts';
import type {} from './browser/page.ts';
import { expectSameTraining } from './same-training.ts';
import { CASE_NAMES, STEPS, trainOn } from './web-training.ts';

const chromium = hasChromium();

let browser: StartedChromium;
let bundle: BundledPage;
let server: Awaited<ReturnType<typeof servePage>>;

beforeAll(async () => {
  if (!chromium) return;
  bundle = await bundlePage(fileURLToPath(new URL('browser/', import.meta.url)));
  server = await servePage(bundle);
  browser = await startChromium([SOFTWARE_WEBGPU]);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await bundle?.remove();
});

describe.skipIf(!chromium).each(['wasm', 'webgpu'] as const)('in Chromium on %s', (device) => {
  let opened: OpenedPage;

  beforeAll(async () => {
    opened = await browser.open();
    await opened.page.goto(server.url);
  });

  afterAll(async () => {
    await opened?.close();
  });

  // SwiftShader takes half a minute for mlp.
  const names = device === 'webgpu' ? (['conv'] as const) : CASE_NAMES;
  test.each(names)('%s has the same losses as on the CPU', async (name) => {
    const { page } = opened;
    const before = await gpuWork(page);
    const got = await page.evaluate(([on, which]) => window.training.train(on, which), [
      device,
      name,
    ] as const);
    const after = await gpuWork(page);
    expect(got.description).toMatch(device === 'webgpu' ? /on WebGPU$/ : /on WebAssembly$/);
    if (device === 'webgpu') expect(after.dispatches - before.dispatches).toBeGreaterThan(STEPS);
    else expect(after.dispatches).toBe(0);
    expect(after.buffers).toBe(before.buffers);
    const onCpu = { engine: 'onnxruntime', device: 'cpu', threads: 1 } as const;
    expectSameTraining(got, await trainOn((...of) => createEngine(...of, onCpu), name));
  });

  test('nothing was complained about', () => {
    expect(opened.complaints).toEqual([]);
  });
});
