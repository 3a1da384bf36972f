/** The folder of `ganport embed`, served from a sub-path by a server that knows nothing of it, under strict policies. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { embedFiles } from '../packages/cli/src/embed/files.ts';
import { writeFolder } from '../packages/cli/src/embed/folder.ts';
import { ganport } from '../packages/cli/test/run.ts';
import { readGeneratorMetadata } from '../packages/model/src/index.ts';
import {
  buildGenerator,
  decodePicture,
  largestDifference,
} from '../packages/sample/test/fixture.ts';
import { hasChromium, type StartedChromium, startChromium } from './chromium.ts';

const chromium = hasChromium();

const folder = mkdtempSync(join(tmpdir(), 'ganport-embed-'));
const path = (name: string) => join(folder, name);
const { model } = buildGenerator({ channels: 3 });
let browser: StartedChromium;
/** [H, W, 3] of the grid that `ganport sample` draws. */
let expected: Uint8Array;

const POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'";
/** By the first part of the address. */
const POLICIES: Record<string, string> = {
  strict: POLICY,
  wasm: POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"),
};
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Names as they were sent: /POLICY/any/where/FILE of the folder, compressed as the browser takes it. */
const sent: string[] = [];
const server = createServer(({ url, headers }, response) => {
  const [, policy = '', name = ''] = url!.match(/^\/(\w+)\/any\/where\/(.*)$/) ?? [];
  const file = path(join('site', name || 'index.html'));
  response.setHeader('content-security-policy', POLICIES[policy] ?? "default-src 'none'");
  response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
  const forms = { br: '.br', gzip: '.gz' };
  const taken = Object.entries(forms).find(
    ([encoding, ending]) =>
      headers['accept-encoding']?.includes(encoding) && existsSync(file + ending),
  );
  if (taken) response.setHeader('content-encoding', taken[0]);
  if (!existsSync(file)) response.writeHead(404).end();
  else response.end(readFileSync(file + (taken?.[1] ?? '')));
  sent.push(name + (taken?.[1] ?? ''));
});
const address = (policy: string) =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}/${policy}/any/where/`;

beforeAll(async () => {
  if (!chromium) return;
  writeFileSync(path('model.onnx'), model);
  const png = path('expected.png');
  const { code } = await ganport('sample', path('model.onnx'), '--scale', '1', '-o', png);
  expect(code).toBe(0);
  expected = (await decodePicture(readFileSync(png))).data;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  browser = await startChromium([]);
});

afterAll(async () => {
  await browser?.close();
  server.close();
  rmSync(folder, { recursive: true });
});

/** What the element shows, [H, W, 3]. */
async function shown(page: Page): Promise<number[]> {
  const rgba = await page.locator('gan-image canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { width, height } = canvas;
    const copy = new OffscreenCanvas(width, height).getContext('2d')!;
    copy.drawImage(canvas, 0, 0);
    return Array.from(copy.getImageData(0, 0, width, height).data);
  });
  return rgba.filter((_, i) => i % 4 < 3);
}

const status = (page: Page, text: RegExp) =>
  expect.poll(() => page.textContent('#status'), { timeout: 15_000 }).toMatch(text);

describe.skipIf(!chromium)('of a small generator', () => {
  beforeAll(async () => {
    const { code, stdout } = await ganport(
      'embed',
      path('model.onnx'),
      '-o',
      path('site'),
      '--json',
    );
    expect(code).toBe(0);
    // What is sent of a file is its smallest form.
    const sizeOf = (name: string) => statSync(path(`site/${name}`)).size;
    const sizes = {
      'gan-image.js': sizeOf('gan-image.js.br'),
      'generator.onnx': sizeOf('generator.onnx.br'),
    };
    const bytes = sizes['gan-image.js'] + sizes['generator.onnx'];
    expect(JSON.parse(stdout).first).toEqual([{ by: 'JavaScript', files: sizes, bytes }]);
    expect(sizes['gan-image.js']).toBeLessThan(25_000);
  });

  test.each(Object.keys(POLICIES))('it draws what `ganport sample` does, %s', async (policy) => {
    const { page, complaints } = await browser.open();
    sent.length = 0;
    await page.goto(address(policy));
    await status(page, /^Seed 42: 64 pictures in \d+ ms, by JavaScript\.$/);
    expect(largestDifference(await shown(page), expected)).toBeLessThanOrEqual(1);
    expect(sent.some((name) => /^generator\.onnx\.(br|gz)$/.test(name))).toBe(true);
    expect(sent.filter((name) => name.startsWith('ort/'))).toEqual([]);
    await page.click('#next');
    await status(page, /^Seed 43/);
    expect(largestDifference(await shown(page), expected)).toBeGreaterThan(1);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('what is to be pasted draws in a page beside it', async () => {
    const { page, complaints } = await browser.open();
    await page.goto(address('strict'));
    const code = await page.textContent('pre');
    writeFileSync(
      path('site/pasted.html'),
      `<!doctype html><link rel="icon" href="icon.svg">${code}`,
    );
    await page.goto(`${address('strict')}pasted.html`);
    await expect.poll(() => page.locator('gan-image canvas').getAttribute('width')).toBe('84');
    // Three by three, of which the first row is the first three of eight by eight.
    const pixels = 3 * 3 * 28;
    const first = Array.from({ length: 28 * pixels }, (_, i) => {
      const row = Math.floor(i / pixels);
      return expected[row * 8 * 84 + (i % pixels)]!;
    });
    const drawn = (await shown(page)).slice(0, first.length);
    expect(largestDifference(drawn, first)).toBeLessThanOrEqual(1);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test.each(['light', 'dark'] as const)('axe finds nothing, %s', async (colorScheme) => {
    const { page } = await browser.open();
    await page.emulateMedia({ colorScheme });
    await page.addInitScript({ content: axe.source });
    await page.setViewportSize({ width: 320, height: 640 });
    await page.goto(address('strict'));
    await status(page, /^Seed 42/);
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: typeof axe }).axe.run(),
    );
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    const { clientWidth, scrollWidth } = await page.evaluate(() => document.documentElement);
    expect(scrollWidth).toBe(clientWidth);
    await page.close();
  });
});

describe.skipIf(!chromium)('with onnxruntime-web', () => {
  beforeAll(async () => {
    rmSync(path('site'), { recursive: true, force: true });
    const metadata = readGeneratorMetadata(model);
    // Not compressed: that takes half a minute.
    await writeFolder(path('site'), await embedFiles({ model, metadata, runtime: 'onnxruntime' }));
    const page = path('site/index.html');
    // As for a generator that is much work, which `auto` does not leave to the small runtime.
    const html = readFileSync(page, 'utf8').replace('<gan-image ', '<gan-image device="wasm" ');
    writeFileSync(page, html);
  });

  test('it draws what `ganport sample` does, on WebAssembly', async () => {
    const { page, complaints } = await browser.open();
    await page.goto(address('wasm'));
    await status(page, /^Seed 42: 64 pictures in \d+ ms, by WebAssembly\.$/);
    expect(await page.textContent('pre')).toContain('runtime="onnxruntime"');
    expect(largestDifference(await shown(page), expected)).toBeLessThanOrEqual(1);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('it says which directive is in the way', async () => {
    const { page } = await browser.open();
    await page.goto(address('strict'));
    const error = page.locator('gan-image p[part=error]');
    await expect.poll(() => error.textContent()).toContain("'wasm-unsafe-eval'");
    await page.close();
  });
});
