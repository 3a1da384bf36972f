/** <gan-image> in a real Chromium: what is seen, what is shared, what is freed, what is said to whom cannot see. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type BundledPage, bundlePage } from '../../../test/bundled-page.ts';
import {
  hasChromium,
  type OpenedPage,
  type StartedChromium,
  startChromium,
} from '../../../test/chromium.ts';
import { type StaticServer, serveStatic } from '../../../test/static-server.ts';
import { buildGenerator, decodePicture, largestDifference } from './fixture.ts';

const require = createRequire(import.meta.url);
const chromium = hasChromium();
const ORT = dirname(require.resolve('onnxruntime-web'));
const POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src data:";

const { model, expected } = buildGenerator();
const others = Array.from({ length: 10 }, (_, i) => buildGenerator({ latent: 10 + i }));
let bundle: BundledPage;
let server: StaticServer;
let browser: StartedChromium;
const opened: OpenedPage[] = [];

beforeAll(async () => {
  if (!chromium) return;
  bundle = await bundlePage(fileURLToPath(new URL('browser/', import.meta.url)));
  server = await serveStatic({
    'generator.onnx': model,
    ...Object.fromEntries(others.map((other, i) => [`other-${i}.onnx`, other.model])),
    'ort/': `${ORT}/`,
    'axe/': `${dirname(require.resolve('axe-core'))}/`,
    '': `${bundle.folder}/`,
  });
  server.headers['content-security-policy'] = POLICY;
  browser = await startChromium(['--enable-blink-features=ForceEagerMeasureMemory']);
}, 120_000);

afterEach(async () => {
  for (const page of opened.splice(0)) await page.close();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await bundle?.remove();
});

async function visit(html = ''): Promise<OpenedPage> {
  const page = await browser.open();
  opened.push(page);
  server.asked.length = 0;
  await page.page.goto(server.url);
  await page.page.evaluate((text) => {
    const log: string[] = [];
    Object.assign(window, { log });
    for (const type of ['load', 'sample', 'error']) {
      document.addEventListener(
        type,
        (event) => log.push(type + ((event as ErrorEvent).message ?? '')),
        true,
      );
    }
    document.body.innerHTML = text;
  }, html);
  return page;
}

/** Resolves when an event has come so often. */
async function heard(page: Page, type: string, times = 1): Promise<void> {
  await page.waitForFunction(
    ([wanted, count]) =>
      (window as unknown as { log: string[] }).log.filter((one) => one.startsWith(wanted as string))
        .length >= (count as number),
    [type, times] as const,
  );
}

/** Red of each pixel that an element's canvas has. */
function levels(page: Page, index = 0): Promise<number[]> {
  return page.evaluate((i) => {
    const canvas = document.querySelectorAll('gan-image')[i]!.shadowRoot!.querySelector('canvas')!;
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')!;
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    return Array.from(data).filter((_, at) => at % 4 === 0);
  }, index);
}

/** Roles and names as assistive technology gets them, of what is not text. */
async function accessible(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as {
    nodes: { ignored: boolean; role?: { value: string }; name?: { value: string } }[];
  };
  return nodes
    .filter(
      ({ ignored, role }) => !ignored && /^(image|img|button|canvas)$/i.test(role?.value ?? ''),
    )
    .map(({ role, name }) => `${role!.value}: ${name?.value}`);
}

async function complaintsOfAxe(page: Page): Promise<string[]> {
  await page.addScriptTag({ url: `${server.url}axe/axe.min.js` });
  return page.evaluate(async () => {
    type Axe = { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    const { violations } = await (window as unknown as { axe: Axe }).axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`);
  });
}

const PAGE = (images: string) => `<main><h1>Digits</h1>${images}</main>`;

describe.skipIf(!chromium)('<gan-image>', () => {
  test('is seen, under a policy that allows no WebAssembly and no inline style', async () => {
    const { page, complaints } = await visit(
      PAGE('<gan-image src="generator.onnx" seed="42" start="3"></gan-image>'),
    );
    await heard(page, 'sample');
    expect(largestDifference(await levels(page), expected(42, 3))).toBeLessThanOrEqual(1);
    await page.evaluate(() => {
      const { style } = document.querySelector('gan-image')!;
      Object.assign(style, { position: 'absolute', top: '0', left: '0' });
    });
    const shown = await decodePicture(await page.locator('gan-image').screenshot());
    expect([shown.width, shown.height]).toEqual([28, 28]);
    const red = Array.from(shown.data).filter((_, at) => at % shown.channels === 0);
    expect(largestDifference(red, expected(42, 3))).toBeLessThanOrEqual(1);
    expect(await page.evaluate(() => (window as unknown as { log: string[] }).log)).toEqual([
      'load',
      'sample',
    ]);
    expect(complaints).toEqual([]);
  });

  test('follows its attributes and properties, drawing once for all that change in one go', async () => {
    const { page } = await visit(PAGE('<gan-image src="generator.onnx" seed="42"></gan-image>'));
    await heard(page, 'sample');
    await page.evaluate(() => {
      const element = document.querySelector('gan-image')!;
      element.seed = 7;
      element.setAttribute('count', '6');
      element.columns = 3;
      element.truncation = 0.5;
    });
    await heard(page, 'sample', 2);
    const drawn = await levels(page);
    expect(drawn).toHaveLength(6 * 28 * 28);
    const corner = Array.from({ length: 28 }, (_, x) => drawn[28 * 3 * 28 + 28 + x]!);
    expect(largestDifference(corner, expected(7, 4, 0.5).subarray(0, 28))).toBeLessThanOrEqual(1);
    expect(await page.evaluate(() => document.querySelector('gan-image')!.seed)).toBe('7');
    expect(await page.evaluate(() => (window as unknown as { log: string[] }).log)).toHaveLength(3);
  });

  test('is an image with words to assistive technology, and axe finds nothing', async () => {
    const { page } = await visit(
      PAGE(
        `<gan-image src="generator.onnx" seed="42"></gan-image>
         <gan-image src="generator.onnx" count="4" alt="Four digits"></gan-image>
         <gan-image src="generator.onnx" alt=""></gan-image>
         <gan-image src="generator.onnx" seed="9" animate></gan-image>
         <gan-image src="generator.onnx" seed="x">A digit</gan-image>
         <gan-image src="none.onnx"><p>No digit</p></gan-image>`,
      ),
    );
    await heard(page, 'sample', 4);
    await heard(page, 'error', 2);
    expect(await accessible(page)).toEqual([
      'image: A generated picture by “fixture”, seed 42',
      'image: Four digits',
      'image: A generated picture by “fixture”, seed 9',
      'button: Pause',
    ]);
    expect(await complaintsOfAxe(page)).toEqual([]);
  });

  test('walks where motion is welcome, until it is paused with the keyboard', async () => {
    const { page } = await visit(PAGE('<gan-image src="generator.onnx" animate></gan-image>'));
    await heard(page, 'sample');
    const changes = async (ms: number) => {
      const before = await levels(page);
      await page.waitForTimeout(ms);
      return largestDifference(before, await levels(page)) > 0;
    };
    expect(await changes(400)).toBe(true);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForTimeout(100);
    expect(await changes(400)).toBe(false);
    expect(await accessible(page)).toContain('button: Play');
    await page.keyboard.press('Enter');
    expect(await changes(400)).toBe(true);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.waitForTimeout(100);
    expect(await changes(400)).toBe(false);
    expect((await accessible(page)).filter((one) => one.startsWith('button'))).toEqual([]);
  });

  test('says what is wrong, shows what the page put into it, and recovers', async () => {
    const { page } = await visit(
      PAGE(
        `<gan-image src="none.onnx">a picture of a digit</gan-image>
         <gan-image src="generator.onnx" seed="-1"></gan-image>
         <gan-image src="generator.onnx" label="3"></gan-image>
         <gan-image src="generator.onnx" runtime="large"></gan-image>
         <gan-image src="http://["></gan-image>`,
      ),
    );
    await heard(page, 'error', 5);
    const log = await page.evaluate(() => (window as unknown as { log: string[] }).log);
    expect(log.filter((one) => one.startsWith('error')).sort()).toEqual([
      'errorruntime: expected auto, onnxruntime, small, got "large"',
      'errorseed: expected an integer from 0 to 9007199254740991, got "-1"',
      'errorsrc: expected an address, got "http://["',
      expect.stringMatching(/^errorthe model: the server answered 404 for \S+none\.onnx$/),
      expect.stringMatching(/^errorthis generator was trained without classes/),
    ]);
    expect(await page.getByText('a picture of a digit').isVisible()).toBe(true);
    await page.evaluate(() => {
      const [first, second] = document.querySelectorAll('gan-image');
      first!.src = 'generator.onnx';
      second!.seed = 1;
    });
    await heard(page, 'sample', 2);
    expect(largestDifference(await levels(page, 1), expected(1, 0))).toBeLessThanOrEqual(1);
  });

  test('begins when it comes near, if it is lazy, with a poster until then', async () => {
    const dot = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';
    const { page } = await visit();
    await page.evaluate((poster) => {
      const heading = document.createElement('h1');
      heading.style.marginBlockEnd = '4000px';
      const image = document.createElement('gan-image');
      Object.assign(image, { src: 'generator.onnx', loading: 'lazy', poster });
      document.body.append(heading, image);
    }, dot);
    await page.waitForTimeout(300);
    const seen = () =>
      page.evaluate(() => {
        const root = document.querySelector('gan-image')!.shadowRoot!;
        return [root.querySelector('img')!.hidden, root.querySelector('canvas')!.hidden];
      });
    expect(await seen()).toEqual([false, true]);
    expect(server.asked.filter((path) => path.endsWith('.onnx'))).toEqual([]);
    await page.evaluate(() => document.querySelector('gan-image')!.scrollIntoView());
    await heard(page, 'sample');
    expect(await seen()).toEqual([true, false]);
  });

  test('fifty share one session, which ends with the last of them', async () => {
    const many = Array.from(
      { length: 50 },
      (_, i) => `<gan-image src="generator.onnx" seed="${i}"></gan-image>`,
    );
    const { page } = await visit(PAGE(many.join('')));
    await heard(page, 'sample', 50);
    expect(page.workers()).toHaveLength(1);
    expect(server.asked.filter((path) => path.endsWith('.onnx'))).toHaveLength(1);
    expect(largestDifference(await levels(page, 49), expected(49, 0))).toBeLessThanOrEqual(1);
    // One that is moved keeps it.
    await page.evaluate(() => {
      const all = document.querySelectorAll('gan-image');
      for (const one of [...all].slice(1)) one.remove();
      document.body.append(all[0]!);
    });
    await heard(page, 'sample', 51);
    expect(server.asked.filter((path) => path.endsWith('.onnx'))).toHaveLength(1);
    await page.evaluate(() => document.querySelector('gan-image')!.remove());
    await page.waitForFunction(() => !document.querySelector('gan-image'));
    await expect.poll(() => page.workers().length).toBe(0);
  });

  test('ten switches of the source leave one session', async () => {
    const { page } = await visit(PAGE('<gan-image src="generator.onnx" seed="5"></gan-image>'));
    await heard(page, 'sample');
    for (let i = 0; i < 10; i += 1) {
      await page.evaluate((at) => {
        document.querySelector('gan-image')!.src = `other-${at}.onnx`;
      }, i);
      await heard(page, 'sample', i + 2);
    }
    await expect.poll(() => page.workers().length).toBe(1);
    expect(largestDifference(await levels(page), others[9]!.expected(5, 0))).toBeLessThanOrEqual(1);
    // Faster than any of them loads.
    await page.evaluate(async () => {
      for (let i = 0; i < 10; i += 1) {
        document.querySelector('gan-image')!.src = `other-${i}.onnx`;
        await new Promise((resolve) => setTimeout(resolve));
      }
    });
    await heard(page, 'sample', 12);
    await expect.poll(() => page.workers().length).toBe(1);
  });

  test('gives back what onnxruntime took when it is removed, and as much after switches', async () => {
    const isolation = {
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'content-security-policy': POLICY.replace("'self'", "'self' 'wasm-unsafe-eval'"),
    };
    const before = { ...server.headers };
    Object.assign(server.headers, isolation);
    try {
      const { page } = await visit();
      // Of the page and its workers, after a collection of garbage.
      const megabytes = () =>
        page.evaluate(async () => {
          type Measuring = { measureUserAgentSpecificMemory(): Promise<{ bytes: number }> };
          const measuring = performance as unknown as Measuring;
          return (await measuring.measureUserAgentSpecificMemory()).bytes / 1e6;
        });
      const show = (src: string, times: number) =>
        page
          .evaluate((to) => {
            const element = document.querySelector('gan-image')!;
            element.runtime = 'onnxruntime';
            element.base = 'ort/';
            element.src = to;
          }, src)
          .then(() => heard(page, 'sample', times));
      const empty = await megabytes();
      await page.evaluate(() => document.body.append(document.createElement('gan-image')));
      await show('generator.onnx', 1);
      const one = await megabytes();
      expect(one).toBeGreaterThan(empty + 20);
      for (let i = 0; i < 2; i += 1) await show(`other-${i}.onnx`, i + 2);
      await expect.poll(() => page.workers().length).toBe(1);
      expect(await megabytes()).toBeLessThan(one + 5);
      await page.evaluate(() => document.querySelector('gan-image')!.remove());
      await expect.poll(() => page.workers().length).toBe(0);
      expect(await megabytes()).toBeLessThan(empty + 5);
    } finally {
      for (const name of Object.keys(server.headers)) delete server.headers[name];
      Object.assign(server.headers, before);
    }
  });
});
