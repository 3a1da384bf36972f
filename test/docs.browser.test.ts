/** The page of the interface in a real Chromium: nothing of other hosts, and what it offers to try works. */
import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

/** @param hash of the address */
async function visit(hash = '') {
  const opened = await browser!.open();
  const { page } = opened;
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${server!.url}docs${hash}`);
  const operation = (id: string) => {
    const details = page.locator(`#${id}`);
    return {
      open: () => details.locator('> summary').click(),
      field: (name: string) => details.locator(`input[name="${name}"]`),
      send: () => details.getByRole('button', { name: 'Send' }).click(),
      answer: details.locator('.answer'),
    };
  };
  return { ...opened, asked, operation };
}

describe.skipIf(!chromium)('the page of the interface', () => {
  test('shows addresses and tries them, under the service’s own policy', async () => {
    const { complaints, asked, operation, close } = await visit();
    const sample = operation('sample');
    await sample.open();
    // The document's own example.
    await sample.send();
    const width = () =>
      sample.answer.locator('img').evaluate((image: HTMLImageElement) => image.naturalWidth);
    await expect.poll(width).toBe(4 * 28);

    const pictures = operation('pictures');
    await pictures.open();
    await pictures.field('count').fill('2');
    await pictures.field('format').fill('json');
    await pictures.send();
    await expect.poll(() => pictures.answer.locator('pre').textContent()).toContain('"shape": [');
    expect(await pictures.answer.textContent()).toContain('v1/images/42?count=2&format=json');
    await pictures.field('count').fill('-2');
    await pictures.send();
    await expect.poll(() => pictures.answer.textContent()).toContain('400 Bad Request');
    // The browser's own word for an answer that was no success.
    expect(complaints.splice(0)).toEqual([expect.stringContaining('400')]);

    const file = operation('generator');
    await file.open();
    await file.send();
    await expect.poll(() => file.answer.textContent()).toMatch(/200 OK.*\d{4,} bytes$/s);
    expect(asked.length).toBeGreaterThan(5);
    const local = (url: string) => url.startsWith(server!.url) || /^(blob|data):/.test(url);
    expect(asked.filter((url) => !local(url))).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  test('opens what its address names, and shows the key that was given to nobody else', async () => {
    const { page, operation, close } = await visit('#live');
    await page.fill('#key', 'a-key-of-some-length');
    const asked = page.waitForRequest('**/livez');
    await operation('live').send();
    expect((await asked).headers().authorization).toBe('Bearer a-key-of-some-length');
    await close();
  });

  test.each(['light', 'dark'] as const)('axe finds nothing, %s', async (colorScheme) => {
    const { page, operation, close } = await visit();
    await page.emulateMedia({ colorScheme });
    for (const id of ['picture-png', 'sample', 'infer']) await operation(id).open();
    await operation('sample').send();
    await operation('sample').answer.locator('img').waitFor();
    await operation('picture-png').field('index').fill('x');
    await operation('picture-png').send();
    await operation('picture-png').answer.locator('pre').waitFor();
    const session = await page.context().newCDPSession(page);
    await session.send('Runtime.evaluate', { expression: axe.source });
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: typeof axe }).axe.run(),
    );
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    await close();
  });
});
