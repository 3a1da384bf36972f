/** The page in a real Chromium: its own runtime draws what the server draws. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  buildGenerator,
  decodePicture,
  largestDifference,
  writeTemporary,
} from '../packages/sample/test/fixture.ts';
import { type RunningServer, startServer } from '../packages/serve/src/index.ts';
import type {} from '../packages/serve/web/page.ts';
import { type BundledPage, bundlePage } from './bundled-page.ts';
import {
  hasChromium,
  type OpenedPage,
  SOFTWARE_WEBGPU,
  type StartedChromium,
  startChromium,
} from './chromium.ts';

const chromium = hasChromium();

let bundle: BundledPage;
let file: Awaited<ReturnType<typeof writeTemporary>>;
let server: RunningServer;
/** One without WebGPU, and one with it. */
const browsers: Record<'plain' | 'gpu', StartedChromium | undefined> = {
  plain: undefined,
  gpu: undefined,
};
const opened: OpenedPage[] = [];

beforeAll(async () => {
  if (!chromium) return;
  bundle = await bundlePage(fileURLToPath(new URL('../packages/serve/web/', import.meta.url)));
  file = await writeTemporary(buildGenerator().model);
  server = await startServer({ model: file.path, port: 0, pageDir: bundle.folder });
  browsers.plain = await startChromium([]);
  browsers.gpu = await startChromium([SOFTWARE_WEBGPU]);
});

afterEach(async () => {
  for (const page of opened.splice(0)) await page.close();
});

afterAll(async () => {
  await browsers.plain?.close();
  await browsers.gpu?.close();
  await server?.close();
  await file?.remove();
  await bundle?.remove();
});

/** A page that is closed after the test. */
async function openPage(browser: keyof typeof browsers): Promise<OpenedPage> {
  const page = await browsers[browser]!.open();
  opened.push(page);
  return page;
}

async function visit(page: Page, query: string): Promise<void> {
  await page.goto(`${server.url}${query}`);
  await page.evaluate(() => window.ganport.ready);
}

/** Levels of a picture by the page's own runtime. */
async function pagePixels(page: Page, seed: number, index: number): Promise<number[]> {
  return page.evaluate(
    async ([s, i]) => Array.from((await window.ganport.pixels(s!, i!)).data),
    [seed, index],
  );
}

async function serverPixels(seed: number, index: number): Promise<Uint8Array> {
  const response = await fetch(`${server.url}v1/images/${seed}/${index}.png`);
  return (await decodePicture(new Uint8Array(await response.arrayBuffer()))).data;
}

/** Red of every pixel of the canvas that shows picture `index`. */
async function canvasPixels(page: Page, index: number): Promise<number[]> {
  return page.evaluate((i) => {
    const canvas = document.querySelectorAll<HTMLCanvasElement>('#page-grid canvas')[i]!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return Array.from(data).filter((_, at) => at % 4 === 0);
  }, index);
}

describe.skipIf(!chromium)('the page draws what the server draws', () => {
  const profiles: [string, keyof typeof browsers, string, RegExp][] = [
    ['without WebGPU', 'plain', '', /^WebAssembly \(.*WebGPU/],
    ['with WebAssembly asked for', 'gpu', '&device=wasm', /^WebAssembly ·/],
    ['with WebGPU asked for', 'gpu', '&device=webgpu', /^WebGPU · .*swiftshader/i],
    ['with auto and a software adapter', 'gpu', '', /^WebAssembly \(WebGPU has only a software/],
  ];
  test.each(profiles)('%s', async (_name, browser, query, how) => {
    const { page, complaints } = await openPage(browser);
    await visit(page, `?seed=42${query}`);
    expect(await page.textContent('#page-how')).toMatch(how);
    expect(await page.textContent('#status')).toContain(
      'Seed 42: 32 pictures, drawn twice, the same',
    );
    for (const [seed, index] of [
      [42, 0],
      [42, 31],
      [2 ** 53 - 1, 2 ** 32 - 1],
    ] as const) {
      const own = await pagePixels(page, seed, index);
      expect(largestDifference(own, await serverPixels(seed, index))).toBeLessThanOrEqual(1);
    }
    expect(await canvasPixels(page, 31)).toEqual(await pagePixels(page, 42, 31));
    expect(complaints).toEqual([]);
  });
});

describe.skipIf(!chromium)('the page', () => {
  test('draws the next seed with the keyboard, and keeps it in the address', async () => {
    const { page, complaints } = await openPage('plain');
    await visit(page, '?seed=9');
    await page.focus('#seed');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() =>
      document.querySelector('#status')!.textContent!.includes('10'),
    );
    expect(new URL(page.url()).searchParams.get('seed')).toBe('10');
    expect(await canvasPixels(page, 0)).toEqual(await pagePixels(page, 10, 0));
    expect(await page.getAttribute('#server-grid', 'aria-label')).toBe(
      '32 pictures of seed 10, drawn by the server',
    );
    expect(complaints).toEqual([]);
  });

  test('says in one line what is wrong with a seed', async () => {
    const { page } = await openPage('plain');
    await visit(page, '');
    await page.fill('#seed', '-3');
    await page.keyboard.press('Enter');
    expect(await page.textContent('#status.wrong')).toBe(
      'seed: expected an integer from 0 to 9007199254740991, got "-3"',
    );
  });

  test('refuses a generator whose golden samples are not what it draws', async () => {
    const { page } = await openPage('plain');
    const wrong = buildGenerator({
      alter: (m) => ({ ...m, golden: { ...m.golden, seed: m.golden.seed + 1 } }),
    });
    await page.route('**/generator.onnx', (route) =>
      route.fulfill({ body: Buffer.from(wrong.model) }),
    );
    await page.goto(server.url);
    await page.waitForSelector('#status.wrong');
    expect(await page.textContent('#status')).toMatch(
      /^onnxruntime-web \S+ on WebAssembly draws the golden samples up to \d+ levels off/,
    );
  });
});

test.skipIf(!chromium)('the page in the README of @ganport/sample draws', async () => {
  const readme = await readFile(new URL('../packages/sample/README.md', import.meta.url), 'utf8');
  const [, html] = readme.match(/^```html\n(.*?)^```$/ms)!;
  // Within the package, so that the package itself is found.
  const root = await mkdtemp(
    fileURLToPath(new URL('../packages/sample/dist/page-', import.meta.url)),
  );
  let example: BundledPage | undefined;
  let serving: RunningServer | undefined;
  try {
    // A browser asks for an icon.
    await writeFile(join(root, 'index.html'), `<link rel="icon" href="data:,">${html}`);
    example = await bundlePage(root);
    // It has the generator and the runtime's files where the example looks for them.
    serving = await startServer({ model: file.path, port: 0, pageDir: example.folder });
    const { page, complaints } = await openPage('plain');
    await page.goto(serving.url);
    const canvas = page.locator('canvas[title^=javascript]');
    const drawn = await canvas.evaluate((element: HTMLCanvasElement) => {
      const { width, height } = element;
      const copy = new OffscreenCanvas(width, height).getContext('2d')!;
      copy.drawImage(element, 0, 0);
      return Array.from(copy.getImageData(0, 0, width, height).data).filter(
        (_, at) => at % 4 === 0,
      );
    });
    expect(complaints).toEqual([]);
    expect(largestDifference(drawn, await serverPixels(42, 0))).toBeLessThanOrEqual(1);
  } finally {
    await serving?.close();
    await example?.remove();
    await rm(root, { recursive: true });
  }
});
