/** The report in a real Chromium: one file that needs nothing else, on a desk and on a phone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { samplesPng } from '../packages/train/src/evaluate/samples-png.ts';
import { report } from '../packages/train/src/index.ts';
import { writeRun } from '../packages/train/test/written-run.ts';
import { hasChromium, type StartedChromium, startChromium } from './chromium.ts';

const chromium = hasChromium();
const folder = mkdtempSync(join(tmpdir(), 'ganport-report-page-'));
let browser: StartedChromium | undefined;

beforeAll(async () => {
  if (chromium) browser = await startChromium([]);
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

test.skipIf(!chromium)(
  'the report shows all it has, from one file, in light and dark',
  async () => {
    const size = { height: 28, width: 28, channels: 1 as const };
    const png = await samplesPng(new Float32Array(64 * 784).fill(0.3), size);
    const title = 'Classes <each>';
    const rows = ['cat', 'a & b'].map((name) => ({ name, png }));
    const html = await report(writeRun(folder, { png }), {
      command: 'train',
      drawn: [{ title, rows }],
    });
    const path = join(folder, 'report.html');
    writeFileSync(path, html);

    const { page, complaints } = await browser!.open();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(path).href);
    const sizes = await page.evaluate(() =>
      Promise.all(
        [...document.images].map((image) => image.decode().then(() => image.naturalWidth)),
      ),
    );
    expect(sizes).toEqual(Array.from({ length: 5 }, () => 8 * 28 * 3 + 9 * 3));
    expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([page.url()]);
    expect(await page.textContent('.drawn')).toBe('cata & b');
    expect(await page.locator('.lines polyline').count()).toBe(4);
    expect(await page.locator('.bars rect').count()).toBe(3);

    const shown = () => page.locator('#film figcaption:visible').allTextContents();
    expect(await shown()).toEqual(['step 3']);
    await page.focus('input[type=range]');
    await page.keyboard.press('ArrowLeft');
    expect(await shown()).toEqual(['step 2, the best']);

    /** Lightness of the colour of what is written, of a curve, and of what they are on, 0 to 255. */
    const lights = () =>
      page.evaluate(() =>
        [
          getComputedStyle(document.body).color,
          getComputedStyle(document.querySelector('polyline')!).stroke,
        ].map((colour) => Math.max(...colour.match(/\d+/g)!.map(Number))),
      );
    await page.emulateMedia({ colorScheme: 'light' });
    const [ink, curve] = await lights();
    await page.emulateMedia({ colorScheme: 'dark' });
    const [darkInk, darkCurve] = await lights();
    expect(ink).toBeLessThan(50);
    expect(darkInk).toBeGreaterThan(200);
    expect(darkCurve).toBeGreaterThan(curve!);

    await page.setViewportSize({ width: 360, height: 740 });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  },
);
