/** The page that the README of @ganport/sample writes, in a real Chromium. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  buildGenerator,
  largestDifference,
  writeTemporary,
} from '../packages/sample/test/fixture.ts';
import { startServer } from '../packages/serve/src/index.ts';
import { bundlePage } from './bundled-page.ts';
import { hasChromium, startChromium } from './chromium.ts';

test.skipIf(!hasChromium())('it draws', async () => {
  const readme = await readFile(new URL('../packages/sample/README.md', import.meta.url), 'utf8');
  const [, html] = readme.match(/^```html\n(.*?)^```$/ms)!;
  const { model, expected } = buildGenerator();
  const file = await writeTemporary(model);
  // Within the package, so that the package itself is found.
  const root = await mkdtemp(
    fileURLToPath(new URL('../packages/sample/dist/page-', import.meta.url)),
  );
  const closing = [() => rm(root, { recursive: true }), file.remove];
  try {
    // A browser asks for an icon.
    await writeFile(join(root, 'index.html'), `<link rel="icon" href="data:,">${html}`);
    const example = await bundlePage(root);
    closing.push(example.remove);
    // It has the generator where the example looks for it.
    const server = await startServer({ model: file.path, port: 0, pageDir: example.folder });
    closing.push(() => server.close());
    const browser = await startChromium([]);
    closing.push(() => browser.close());
    const { page, complaints } = await browser.open();
    await page.goto(server.url);
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
    expect(largestDifference(drawn, expected(42, 0))).toBeLessThanOrEqual(1);
  } finally {
    for (const close of closing.reverse()) await close();
  }
});
