/** The page of the interface in a real Chromium: nothing of other hosts, and what it offers to try works. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildGenerator, writeTemporary } from '../packages/sample/test/fixture.ts';
import { type RunningServer, startServer } from '../packages/serve/src/index.ts';
import { hasChromium, type StartedChromium, startChromium } from './chromium.ts';

const chromium = hasChromium();
let browser: StartedChromium | undefined;
let file: Awaited<ReturnType<typeof writeTemporary>> | undefined;
let server: RunningServer | undefined;

beforeAll(async () => {
  if (!chromium) return;
  file = await writeTemporary(buildGenerator({ latent: 8 }).model);
  server = await startServer({ model: file.path, port: 0, pageDir: '/tmp' });
  browser = await startChromium([]);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await file?.remove();
});

test.skipIf(!chromium)(
  'addresses are shown and tried, under the service’s own policy',
  async () => {
    const { page, complaints } = await browser!.open();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${server!.url}docs`);
    await page.click('#operations-pictures-sample .opblock-summary');
    // The document's own example.
    await page.click('#operations-pictures-sample .execute');
    const picture = page
      .locator('#operations-pictures-sample .response-col_description img')
      .first();
    await picture.waitFor();
    const width = () => picture.evaluate((image: HTMLImageElement) => image.naturalWidth);
    await expect.poll(width).toBe(4 * 28);
    expect(asked.length).toBeGreaterThan(5);
    const local = (url: string) => url.startsWith(server!.url) || /^(blob|data):/.test(url);
    expect(asked.filter((url) => !local(url))).toEqual([]);
    expect(complaints).toEqual([]);
  },
);
