/** The service's page in a real Chromium when something is missing, and for everybody who comes to it. */
import axe from 'axe-core';
import { describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../packages/serve/src/index.ts';
import {
  chromium,
  drawn,
  expected,
  levels,
  picture,
  useServedPages,
  visit,
} from './served-page.ts';

const pages = useServedPages();
const { openPage } = pages;

describe.skipIf(!chromium)('what is missing', () => {
  test('the server, once the page is there: the page draws, and Retry asks again', async () => {
    const { page } = await openPage();
    const options = {
      model: pages.served.file,
      pageDir: pages.served.pageDir,
      device: 'cpu',
    } as const;
    const own = await startServer({ ...options, port: 0 });
    const port = Number(new URL(own.url).port);
    let again: RunningServer | undefined;
    try {
      await visit(page, own.url);
      await own.close();
      await page.click('#next');
      await page.waitForSelector('#server[data-state=failed]');
      expect(await page.textContent('#server .reason')).toBe(
        'The server does not answer: it has ended, or the network is down.',
      );
      expect(await page.textContent('#status')).toBe('Only the page draws now.');
      await page.waitForSelector('#page[data-state=ready]');
      expect(await levels(picture(page, 'page', 1))).toEqual(Array.from(expected(43, 1)));
      expect(await page.locator('img').count()).toBe(0);
      again = await startServer({ ...options, port });
      await page.click('#server .failure button');
      await drawn(page);
      expect(await page.textContent('#status')).toContain('Seed 43: 64 pictures, drawn twice');
    } finally {
      await again?.close();
    }
  });

  test('the model: the server draws, and Retry asks again', async () => {
    const { page } = await openPage();
    await visit(page, pages.served.server.url);
    // The browser has kept it.
    await page.evaluate(() => caches.delete('ganport-models'));
    await page.route('**/generator.onnx', (route) => route.fulfill({ status: 503, body: '' }));
    await page.reload();
    await page.waitForSelector('#page[data-state=failed]');
    expect(await page.textContent('#page .reason')).toContain('the server answered 503');
    expect(await page.textContent('#status')).toBe('Only the server draws now.');
    await page.unroute('**/generator.onnx');
    await page.click('#page .failure button');
    await drawn(page);
    expect(await levels(picture(page, 'page', 1))).toEqual(Array.from(expected(42, 1)));
  });

  test('what browsers keep from plain HTTP: digests, storage, the clipboard', async () => {
    const { page, complaints } = await openPage();
    await page.addInitScript(() => {
      Object.defineProperty(window, 'isSecureContext', { value: false });
      Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined });
      Object.defineProperty(window, 'caches', { value: undefined });
      Object.defineProperty(navigator, 'clipboard', { value: undefined });
    });
    await visit(page, pages.served.server.url);
    await page.click('#copy-link');
    await expect.poll(() => page.textContent('#copy-link')).toBe('Copied');
    expect(await levels(picture(page, 'page', 1))).toEqual(Array.from(expected(42, 1)));
    expect(complaints).toEqual([]);
  });

  test('everything: it says so, and Retry asks again', async () => {
    const { page } = await openPage();
    await page.route('**/v1/model', (route) => route.abort());
    await page.goto(pages.served.server.url);
    await page.waitForSelector('#fatal-retry');
    expect(await page.textContent('#fatal')).toContain('The server does not answer');
    await page.unroute('**/v1/model');
    await page.click('#fatal-retry');
    await drawn(page);
  });

  test('JavaScript: the server’s pictures are there', async () => {
    const { page } = await openPage();
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setScriptExecutionDisabled', { value: true });
    await page.goto(pages.served.server.url);
    await session.send('Emulation.setScriptExecutionDisabled', { value: false });
    const image = page.locator('img.sheet');
    expect(
      await image.evaluate((element: HTMLImageElement) =>
        element.decode().then(() => element.naturalWidth),
      ),
    ).toBe(224);
  });
});

describe.skipIf(!chromium)('for everybody', () => {
  const VIEWS = ['', '?view=difference', '?view=walk', '?view=between', '?picture=2'];
  test.each([
    ['light', VIEWS, {}],
    // Colours alone are others.
    ['dark', ['?view=between', '?picture=2'], { runOnly: ['color-contrast'] }],
  ] as const)('axe finds nothing, %s', async (colorScheme, views, options) => {
    const { page } = await openPage();
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.addInitScript({ content: axe.source });
    for (const query of views) {
      await visit(page, `${pages.served.chosenServer.url}${query}`);
      const { violations } = await page.evaluate(
        (run) => (globalThis as unknown as { axe: typeof axe }).axe.run(run as axe.RunOptions),
        options,
      );
      const found = violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
      expect([query, found]).toEqual([query, []]);
    }
  });

  test.each(VIEWS)('nothing is wider than a phone: %s', async (query) => {
    const { page } = await openPage();
    await page.setViewportSize({ width: 320, height: 640 });
    await visit(page, `${pages.served.chosenServer.url}${query}`);
    const { clientWidth, scrollWidth } = await page.evaluate(() => document.documentElement);
    expect(scrollWidth).toBe(clientWidth);
  });
});
