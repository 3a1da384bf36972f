/** The small runtime in a real Chromium, in a page whose policy forbids WebAssembly. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildGenerator } from '../packages/sample/test/fixture.ts';
import { type BundledPage, bundlePage } from './bundled-page.ts';
import { hasChromium, type StartedChromium, startChromium } from './chromium.ts';

const chromium = hasChromium();

const PAGE = `<!doctype html>
<link rel="icon" href="data:,">
<script type="module">
  import { loadSmallGenerator } from '@ganport/sample/small';
  const model = new Uint8Array(await (await fetch('generator.onnx')).arrayBuffer());
  const { sample } = await loadSmallGenerator(model);
  const { data } = await sample({ seed: 42, count: 2 });
  document.title = Array.from(data).join();
</script>`;

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

const { model, expected } = buildGenerator({ channels: 3 });
let root: string;
let bundle: BundledPage;
let browser: StartedChromium;
const server = createServer(async ({ url }, response) => {
  const name = url === '/' ? '/index.html' : url!;
  response.setHeader('content-security-policy', "default-src 'self'; img-src data:");
  response.setHeader('content-type', TYPES[extname(name)] ?? 'application/octet-stream');
  response.end(name.endsWith('.onnx') ? model : await readFile(join(bundle.folder, name)));
});

describe.skipIf(!chromium)('a page that allows no WebAssembly', () => {
  beforeAll(async () => {
    // Within the package, so that the package itself is found.
    const packages = fileURLToPath(new URL('../packages/sample/dist/small-', import.meta.url));
    root = await mkdtemp(packages);
    await writeFile(join(root, 'index.html'), PAGE);
    bundle = await bundlePage(root);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await startChromium([]);
  });

  afterAll(async () => {
    await browser?.close();
    await new Promise((resolve) => server.close(resolve));
    await bundle?.remove();
    await rm(root, { recursive: true, force: true });
  });

  test('draws', async () => {
    const { page, complaints } = await browser.open();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => document.title !== '');
    const levels = Buffer.concat([expected(42, 0), expected(42, 1)]);
    expect(await page.title()).toBe(Array.from(levels).join());
    expect(complaints).toEqual([]);
  });

  test('loads at most 15 kB of scripts, gzipped', async () => {
    const names = await readdir(bundle.folder, { recursive: true });
    const scripts = names.filter((name) => name.endsWith('.js'));
    const sizes = await Promise.all(
      scripts.map(async (name) => gzipSync(await readFile(join(bundle.folder, name))).length),
    );
    expect(sizes).toHaveLength(1);
    expect(sizes[0]).toBeLessThanOrEqual(15_000);
  });
});
