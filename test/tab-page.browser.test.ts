/** The page that trains, as a person uses it: with a mouse, with the keyboard alone, and with wrong files. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { strToU8, unzipSync, zipSync } from 'fflate';
import type { CDPSession, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readGeneratorMetadata } from '../packages/model/src/index.ts';
import { type ServedPage, servePage } from '../packages/tab/src/index.ts';
import type {} from '../packages/tab/web/page.ts';
import { idx } from '../packages/train/test/files.ts';
import { type BundledPage, bundlePage } from './bundled-page.ts';
import { hasChromium, type OpenedPage, type StartedChromium, startChromium } from './chromium.ts';

const chromium = hasChromium();
const TAB = fileURLToPath(new URL('../packages/tab/', import.meta.url));

let browser: StartedChromium;
let bundle: BundledPage;
let server: ServedPage;
const opened: OpenedPage[] = [];

beforeAll(async () => {
  if (!chromium) return;
  bundle = await bundlePage(join(TAB, 'web'), join(TAB, 'vite.config.ts'));
  server = await servePage({ port: 0, folder: bundle.folder });
  browser = await startChromium([]);
});

afterEach(async () => {
  for (const page of opened.splice(0)) await page.close();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await bundle?.remove();
});

async function openTab(before?: (page: Page) => Promise<unknown>): Promise<OpenedPage> {
  const tab = await browser.open();
  opened.push(tab);
  // A busy machine takes its time.
  tab.page.setDefaultTimeout(90_000);
  await before?.(tab.page);
  await tab.page.goto(server.url);
  await loaded(tab.page);
  return tab;
}

const loaded = (page: Page) => page.waitForSelector('#unkept:not([hidden]), #kept li');

/** Sixteen images of 28 × 28 as an IDX file, which are evaluated in a moment. */
const FEW = {
  name: 'few-images-idx3-ubyte',
  mimeType: '',
  buffer: idx(
    [16, 28, 28],
    Array.from({ length: 16 * 784 }, (_, i) => (i * 7 + (i >> 9) * 31) % 256),
  ),
};

/** Begins a short run of the few images. */
async function begin(page: Page, { steps = '1000' }: { steps?: string } = {}): Promise<void> {
  await page.check('text=An IDX file');
  await page.setInputFiles('#idx-images', FEW);
  await page.fill('#steps', steps);
  await page.fill('#batch', '4');
  await page.click('#start');
  await page.waitForSelector('#run:not([hidden])');
}

const said = (page: Page, pattern: string) =>
  page.waitForFunction(
    (text) => new RegExp(text).test(document.getElementById('status')!.textContent),
    pattern,
  );

const stepOf = async (page: Page) =>
  Number(/^Step (\d+)/.exec((await page.textContent('#status'))!)![1]);

async function violations(page: Page): Promise<string[]> {
  // The policy of the page lets in no script but its own.
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: axe.source });
  const found = await page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as { axe: typeof axe };
    return (await run.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
  await session.detach();
  return found;
}

/** Milliseconds of CPU time of the longest task on the page's own thread; wall time is other programs' too. */
async function longestTask(page: Page, during: () => Promise<void>): Promise<number> {
  const session: CDPSession = await page.context().newCDPSession(page);
  const events: { name: string; tdur?: number; tid: number; args: { name?: string } }[] = [];
  session.on('Tracing.dataCollected', ({ value }) =>
    events.push(...(value as unknown[] as typeof events)),
  );
  await session.send('Tracing.start', {
    traceConfig: { includedCategories: ['toplevel', '__metadata'] },
  });
  await during();
  const complete = new Promise<void>((resolve) => {
    session.once('Tracing.tracingComplete', () => resolve());
  });
  await session.send('Tracing.end');
  await complete;
  await session.detach();
  const main = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ tid }) => tid),
  );
  const tasks = events.filter(({ tid, tdur }) => main.has(tid) && tdur !== undefined);
  expect(tasks.length).toBeGreaterThan(100);
  return Math.max(...tasks.map(({ tdur }) => tdur! / 1000));
}

describe.skipIf(!chromium)('the page that trains', () => {
  test('shows pictures and curves, pauses, steps, and hands out what it has', async () => {
    const { page, complaints } = await openTab();
    expect(await violations(page)).toEqual([]);
    const longest = await longestTask(page, async () => {
      await page.reload();
      await loaded(page);
      await begin(page);
      await said(page, 'steps/s');
      await page.waitForSelector('#samples:not([hidden])');
    });
    expect(longest).toBeLessThan(50);
    expect(await page.locator('#charts polyline').count()).toBeGreaterThan(3);
    await page.click('#pause');
    await said(page, 'paused');
    expect(await violations(page)).toEqual([]);
    const paused = await stepOf(page);
    await page.click('#step');
    await said(page, `^Step ${paused + 1} `);
    // Pixels of what is drawn: 8 × 8 images of it, none of which is blank.
    const levels = await page.evaluate(async () => {
      const image = document.querySelector<HTMLImageElement>('#samples')!;
      await image.decode();
      const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
      const context = canvas.getContext('2d')!;
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return { width: canvas.width, levels: new Set(data).size };
    });
    expect(levels.width).toBe((8 * 29 + 1) * 3);
    expect(levels.levels).toBeGreaterThan(50);
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('#generator')]);
    expect(file.suggestedFilename()).toBe('generator.onnx');
    const metadata = readGeneratorMetadata(await readFile(await file.path()));
    expect(metadata.provenance.steps).toBe(paused + 1);
    expect(await stepOf(page)).toBe(paused + 1);
    await page.click('#stop');
    await said(page, 'stopped');
    const buttons = page.locator('#run button:visible');
    const left = ['Download generator.onnx', 'Download the run', 'Another run'];
    expect(await buttons.allTextContents()).toEqual(left);
    expect(await page.locator('#run button.main:visible').allTextContents()).toEqual([left[0]]);
    // Where the button that was pressed is gone.
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('generator');
    expect(complaints).toEqual([]);
  });

  test('trains by the keyboard alone', async () => {
    const { page } = await openTab();
    await page.focus('#steps');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('3');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#run:not([hidden])');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('pause');
    await page.keyboard.press('Space');
    await said(page, 'paused|done');
  });

  test('what is drawn by hand is learnt from, also with the keyboard', async () => {
    const { page } = await openTab();
    await page.check('text=I draw some');
    for (let i = 0; i < 8; i++) {
      await page.focus('#canvas');
      for (const key of ['Space', 'ArrowRight', 'ArrowDown', 'ArrowDown', 'Space']) {
        await page.keyboard.press(key);
      }
      await page.click('#add');
    }
    expect(await page.textContent('#drawn-count')).toBe('8 drawings.');
    await page.fill('#steps', '2');
    await page.click('#start');
    await page.waitForSelector('#run:not([hidden])');
    expect(await page.textContent('#what')).toContain('200 images of drawings, 28 × 28');
    await said(page, 'done');
  });

  test('a tab that is killed loses at most fifty steps', async () => {
    const { page } = await openTab();
    await begin(page);
    await said(page, '^Step (5[5-9]|[6-9]\\d|\\d{3,}) ');
    const before = await stepOf(page);
    const name = (await page.textContent('#name'))!;
    await page.close();
    const { page: next } = await openTab();
    // As a tab that is killed while it writes a new file may leave it.
    await next.evaluate(async (run) => {
      const root = await navigator.storage.getDirectory();
      const runs = await root.getDirectoryHandle('ganport-runs');
      const checkpoints = await (await runs.getDirectoryHandle(run)).getDirectoryHandle(
        'checkpoints',
      );
      await checkpoints.getFileHandle('step-000999.safetensors', { create: true });
    }, name);
    await next.click(`[aria-label="Go on with ${name}"]`);
    await next.waitForSelector('#run:not([hidden])');
    expect(await stepOf(next)).toBeGreaterThanOrEqual(before - 50);
    expect(await stepOf(next)).toBeGreaterThanOrEqual(50);
    // The curves begin where the run did.
    await next.waitForSelector('#charts polyline');
    const points = (await next.getAttribute('#charts polyline', 'points'))!;
    expect(Number(points.split(',')[0])).toBeLessThan(200);
    await next.click('#stop');
    await said(next, 'stopped|done');
    await next.click('#again');
    await next.click(`[aria-label="Remove ${name}"]`);
    await next.waitForFunction((gone) => !document.body.textContent.includes(`${gone}Go on`), name);
  });

  test('works where nothing is kept, and says so', async () => {
    const { page } = await openTab((tab) =>
      // Scripts of workers are the page's own to change only on their way.
      tab.route('**/worker-*.js', async (route) => {
        const response = await route.fetch();
        const text = await response.text();
        await route.fulfill({
          response,
          body: `StorageManager.prototype.getDirectory = () => Promise.reject(new Error('storage is blocked'));${text}`,
        });
      }),
    );
    expect(await page.textContent('#unkept')).toContain('Runs are gone when this page is closed');
    await begin(page, { steps: '3' });
    expect(await page.textContent('#notices')).toContain('storage is blocked');
    await said(page, 'done');
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('#folder')]);
    expect((await readFile(await file.path())).subarray(0, 2).toString()).toBe('PK');
  });

  test('trains on when there is no more room, says so, and goes on later from what was kept', async () => {
    const { page, complaints } = await openTab();
    await begin(page);
    await said(page, '^Step (5[5-9]|[6-9]\\d|\\d{3,}) ');
    const name = (await page.textContent('#name'))!;
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(server.url);
    try {
      await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
      await page.waitForSelector('#notices p');
      expect(await page.textContent('#notices')).toMatch(
        /^cannot write .*: no space is left for this page: .*\. Training goes on, but from here on nothing is kept /,
      );
      const full = await stepOf(page);
      await expect.poll(() => stepOf(page), { timeout: 60_000 }).toBeGreaterThan(full);
      await page.click('#stop');
      await said(page, 'stopped');
      const [file] = await Promise.all([page.waitForEvent('download'), page.click('#folder')]);
      const files = Object.keys(unzipSync(await readFile(await file.path())));
      const last = `${name}/checkpoints/step-${String(await stepOf(page)).padStart(6, '0')}.safetensors`;
      expect(files).toContain(last);
      expect(files).toContain(`${name}/metrics.jsonl`);
      expect(complaints).toEqual([]);
    } finally {
      await session.send('Storage.overrideQuotaForOrigin', { origin });
    }
    const { page: next } = await openTab();
    await next.click(`[aria-label="Go on with ${name}"]`);
    await next.waitForSelector('#run:not([hidden])');
    await said(next, '^Step ');
    expect(await stepOf(next)).toBeGreaterThanOrEqual(50);
    await next.click('#stop');
  });

  test.each([
    ['a.zip', '#zip', strToU8('no archive'), /a\.zip is no ZIP archive, or a damaged one/],
    [
      'b.zip',
      '#zip',
      zipSync({ 'readme.txt': strToU8('hello') }),
      /b\.zip has no run folder: expected a run\.json/,
    ],
    [
      'c.zip',
      '#zip',
      zipSync({ 'run/run.json': strToU8('{"format":1}') }),
      /run\/run\.json is not valid: config is missing/,
    ],
    [
      'cat.png',
      '#idx-images',
      strToU8('\u0089PNG\r\n and more than that'),
      /cat\.png: expected an IDX file of unsigned bytes/,
    ],
    [
      'cut-idx3-ubyte',
      '#idx-images',
      idx([9, 28, 28], [1, 2]),
      /cut-idx3-ubyte: expected 7072 bytes for its shape \[9,28,28\], got 18/,
    ],
    [
      'notes.txt',
      '#pictures',
      strToU8('not a picture'),
      /notes\.txt: not a picture that this browser can read/,
    ],
  ] as const)(
    'says in one line what is wrong with %s of %s',
    async (name, input, data, expected) => {
      const { page } = await openTab();
      const kept = () => page.evaluate(() => window.trainingTab.trainer.kept());
      const before = await kept();
      if (input === '#idx-images') await page.check('text=An IDX file');
      if (input === '#pictures') await page.check('text=My pictures');
      await page.setInputFiles(input, { name, mimeType: '', buffer: Buffer.from(data) });
      if (input !== '#zip') await page.click('#start');
      await page.waitForSelector('#message:not([hidden])');
      expect(await page.textContent('#message')).toMatch(expected);
      expect(await page.isVisible('#setup')).toBe(true);
      expect(await page.isEnabled('#start')).toBe(true);
      // Nothing is left of it.
      expect(await kept()).toEqual(before);
    },
  );

  test('a policy that forbids WebAssembly is named', async () => {
    const { page } = await openTab((tab) =>
      tab.route('**/*', async (route) => {
        const response = await route.fetch();
        const headers = response.headers();
        const name = 'content-security-policy';
        headers[name] = headers[name]!.replace(" 'wasm-unsafe-eval'", '');
        await route.fulfill({ response, headers });
      }),
    );
    await page.check('text=An IDX file');
    await page.setInputFiles('#idx-images', FEW);
    await page.click('#start');
    await page.waitForSelector('#message:not([hidden])');
    expect(await page.textContent('#message')).toBe(
      "this page’s Content-Security-Policy forbids WebAssembly: its script-src needs 'wasm-unsafe-eval'",
    );
  });

  test('numbers that are none, or too large, are said to be', async () => {
    const { page } = await openTab();
    await page.fill('#steps', 'many');
    await page.click('#start');
    expect(await page.textContent('#message')).toBe('Steps: expected a whole number, got "many"');
    await page.fill('#steps', '999999999999');
    await page.click('#start');
    await page.waitForFunction(() =>
      document.body.textContent.includes('the configuration is not valid'),
    );
  });

  test('fits a phone', async () => {
    const { page } = await openTab();
    await page.setViewportSize({ width: 360, height: 740 });
    const overflows = () =>
      page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
    for (const choice of ['An IDX file', 'My pictures', 'I draw some']) {
      await page.check(`text=${choice}`);
      expect(await overflows()).toBe(false);
    }
    await begin(page, { steps: '2' });
    await said(page, 'done');
    expect(await overflows()).toBe(false);
  });
});
