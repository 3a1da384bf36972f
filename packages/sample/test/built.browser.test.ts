/** Pages without a bundler: one script tag, and one module, from any sub-path, under strict policies. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  hasChromium,
  type OpenedPage,
  SOFTWARE_WEBGPU,
  type StartedChromium,
  startChromium,
} from '../../../test/chromium.ts';
import { type StaticServer, serveStatic } from '../../../test/static-server.ts';
import type {} from '../src/page/script.ts';
import { buildGenerator, largestDifference } from './fixture.ts';

const chromium = hasChromium();
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ORT = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
const WASM = "script-src 'self' 'wasm-unsafe-eval'";
const NO_WASM = "script-src 'self'";
const REST = "default-src 'none'; worker-src 'self'; connect-src 'self'; img-src data:";

const small = buildGenerator();
/** More work than `auto` leaves to the small runtime. */
const large = buildGenerator({ latent: 128, height: 190, width: 190 });

const page = (body: string) =>
  Buffer.from(
    `<!doctype html><html lang="en"><title>-</title><link rel="icon" href="data:,">${body}</html>`,
  );
const SCRIPT = '<script src="../er/built/gan-image.js"></script>';
const MODULE = `
  import { GanImage, loadGenerator } from './built/ganport.js';
  customElements.define('gan-image', GanImage);
  window.loadGenerator = loadGenerator;`;

let folder: string;
let server: StaticServer;
const browsers: Record<'plain' | 'gpu', StartedChromium | undefined> = {
  plain: undefined,
  gpu: undefined,
};
const opened: OpenedPage[] = [];

beforeAll(async () => {
  if (!chromium) return;
  folder = await mkdtemp(join(tmpdir(), 'ganport-built-'));
  for (const mode of ['script', 'module']) {
    const configFile = join(ROOT, 'vite.config.ts');
    await build({ configFile, root: ROOT, mode, logLevel: 'error', build: { outDir: folder } });
  }
  server = await serveStatic({
    'small.onnx': small.model,
    'large.onnx': large.model,
    'script.html': page(`${SCRIPT}<gan-image src="small.onnx" seed="42"></gan-image>
      <gan-image src="large.onnx" seed="42"></gan-image>`),
    'module.html': page(`<script type="module" src="main.js"></script>
      <gan-image src="small.onnx" seed="42"></gan-image><gan-image src="large.onnx" seed="42"></gan-image>`),
    'main.js': Buffer.from(MODULE),
    'built/ort/': `${ORT}/`,
    'built/': `${folder}/`,
  });
  browsers.plain = await startChromium([]);
  browsers.gpu = await startChromium([SOFTWARE_WEBGPU]);
}, 120_000);

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

afterAll(async () => {
  await browsers.plain?.close();
  await browsers.gpu?.close();
  await server?.close();
  if (folder) await rm(folder, { recursive: true });
});

async function visit(
  browser: keyof typeof browsers,
  name: string,
  policy: string,
): Promise<OpenedPage> {
  server.headers['content-security-policy'] = `${policy}; ${REST}`;
  server.asked.length = 0;
  const one = await browsers[browser]!.open();
  opened.push(one);
  // A busy machine takes its time: megabytes are compiled, and WebGPU is rendered in software.
  one.page.setDefaultTimeout(90_000);
  await one.page.goto(`${server.url}${name}`);
  return one;
}

/** What an element shows, and what draws it, once it does. */
async function shown(page: Page, index: number) {
  const canvas = page.locator('gan-image').nth(index).locator('canvas');
  await canvas.waitFor({ timeout: 60_000 }).catch(async (error) => {
    const said = await page.locator('gan-image').nth(index).locator('[part=error]').textContent();
    throw new Error(said || error.message);
  });
  return canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const copy = new OffscreenCanvas(width, height).getContext('2d')!;
    copy.drawImage(element as HTMLCanvasElement, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    const host = (element.getRootNode() as ShadowRoot).host as HTMLElementTagNameMap['gan-image'];
    const { device, reason } = host.generator!;
    const label = element.ariaLabel;
    return { levels: Array.from(data).filter((_, at) => at % 4 === 0), device, reason, label };
  });
}

describe.skipIf(!chromium).each(['script.html', 'module.html'])('%s', (name) => {
  test.each([
    [WASM, 'wasm', 'a picture takes more than 4000000 multiplications; WebGPU finds no GPU here'],
    [
      NO_WASM,
      'javascript',
      /^onnxruntime does not run here: the Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval'/,
    ],
  ])('draws under %s in workers', async (policy, device, reason) => {
    const { page, complaints } = await visit('plain', name, policy);
    const [first, second] = [await shown(page, 0), await shown(page, 1)];
    // Of a page that does not say its charset.
    expect(first.label).toBe('A generated picture by “fixture”, seed 42');
    expect(first.device).toBe('javascript');
    expect(largestDifference(first.levels, small.expected(42, 0))).toBeLessThanOrEqual(1);
    expect(second).toMatchObject({ device, reason: expect.stringMatching(reason) });
    expect(largestDifference(second.levels, large.expected(42, 0))).toBeLessThanOrEqual(1);
    expect(page.workers()).toHaveLength(2);
    // The script is fetched for each worker from the browser's own cache, if it is asked for at all.
    expect(complaints).toEqual([]);
  });

  test('draws with WebGPU, whose build is the smaller one', async () => {
    const { page } = await visit('gpu', name, WASM);
    await page.evaluate(() => {
      const [, second] = document.querySelectorAll('gan-image');
      second!.remove();
      second!.device = 'webgpu';
      document.body.append(second!);
    });
    // What goes wrong is said, and not waited for.
    const ended = await page.waitForFunction(() => {
      const element = document.querySelectorAll('gan-image')[1]!;
      const said = element.shadowRoot?.querySelector('[part=error]')?.textContent;
      return element.generator?.device === 'webgpu' ? 'webgpu' : said;
    });
    expect(await ended.jsonValue()).toBe('webgpu');
    const { levels } = await shown(page, 1);
    expect(largestDifference(levels, large.expected(42, 0))).toBeLessThanOrEqual(1);
    expect(server.asked.filter((path) => path.endsWith('.wasm'))).toEqual(
      expect.arrayContaining([expect.stringMatching(/jspi\.wasm$/)]),
    );
  });
});

test.skipIf(!chromium)('a script from another origin draws on the page’s own thread', async () => {
  const { page } = await visit(
    'plain',
    'script.html',
    `${NO_WASM} ${new URL(server.url).origin.replace('127.0.0.1', 'localhost')}`,
  );
  await page.evaluate(
    async (address) => {
      document.body.replaceChildren();
      const script = Object.assign(document.createElement('script'), { src: address });
      const loaded = new Promise((resolve) => script.addEventListener('load', resolve));
      document.body.append(script);
      await loaded;
    },
    `${server.url.replace('127.0.0.1', 'localhost')}built/gan-image.js`,
  );
  const got = await page.evaluate(async () => {
    const generator = await window.GanImage.load('small.onnx');
    const { data } = await generator.sample({ seed: 42, as: 'bytes' });
    return { data: Array.from(data), reason: generator.reason };
  });
  expect(got.reason).toMatch(/; on the page's own thread, for no worker starts: /);
  expect(largestDifference(got.data, small.expected(42, 0))).toBeLessThanOrEqual(1);
});
