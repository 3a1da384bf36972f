/** `Program` over onnxruntime-web in a real Chromium, on WebAssembly and on WebGPU. */
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
import type {} from './browser/page.ts';
import { programCases } from './program/cases.ts';

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
  const onGpu = device === 'webgpu';
  const traits = { stateStays: onGpu, cancels: false, slowProducts: onGpu ? 2 : 50 };
  let opened: OpenedPage;

  beforeAll(async () => {
    opened = await browser.open();
    await opened.page.goto(server.url);
  });

  afterAll(async () => {
    await opened?.close();
  });

  // Before the suite: a session that cannot be created leaves onnxruntime-web a device with buffers.
  test('what it takes of the GPU does not grow, and is given back', async () => {
    const { page } = opened;
    expect(await page.evaluate((on) => window.program.open(on), device)).toMatch(
      onGpu ? /^onnxruntime-web .* on WebGPU$/ : /^onnxruntime-web .* on WebAssembly$/,
    );
    await page.evaluate(() => window.program.use(5));
    const early = await gpuWork(page);
    expect(await page.evaluate(() => window.program.use(20))).toBe(20);
    const late = await gpuWork(page);
    expect(late.buffers).toBe(early.buffers);
    // Two operators in each run.
    expect(late.dispatches - early.dispatches).toBe(onGpu ? 40 : 0);
    await page.evaluate(() => window.program.close());
    expect((await gpuWork(page)).buffers).toBe(0);
  });

  test('a run brings its outputs back from the GPU, and no state', async () => {
    const { page } = opened;
    await page.evaluate((on) => window.program.open(on), device);
    const before = await gpuWork(page);
    const counted = await page.evaluate(() => window.program.run(10));
    const after = await gpuWork(page);
    await page.evaluate(() => window.program.close());
    // One tensor [2, 3] of float32 a run, in buffers of whole steps of 16 bytes; on WebAssembly the state, too.
    expect(counted).toBe(10 * (onGpu ? 24 : 48));
    expect(after.mapped - before.mapped).toBe(onGpu ? 10 * 32 : 0);
  });

  test.each(programCases.map(({ name }) => name))('%s', async (name) => {
    await opened.page.evaluate(([on, one, how]) => window.program.runCase(on, one, how), [
      device,
      name,
      traits,
    ] as const);
  });

  test('nothing was complained about', () => {
    expect(opened.complaints).toEqual([]);
  });
});
