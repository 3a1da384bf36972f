/** The service's page in a real Chromium: what it shows, pixel by pixel, and what it does when something is missing. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { latents } from '../packages/model/src/index.ts';
import { slerp } from '../packages/sample/src/index.ts';
import { type LoadedGenerator, loadGenerator } from '../packages/sample/src/node.ts';
import {
  buildGenerator,
  decodePicture,
  largestDifference,
  writeTemporary,
} from '../packages/sample/test/fixture.ts';
import { type RunningServer, startServer } from '../packages/serve/src/index.ts';
import { type BundledPage, bundlePage } from './bundled-page.ts';
import {
  hasChromium,
  type OpenedPage,
  SOFTWARE_WEBGPU,
  type StartedChromium,
  startChromium,
} from './chromium.ts';
import { CLASSES, chosenGenerator } from './page-model.ts';

const chromium = hasChromium();

const { model, expected } = buildGenerator();
let bundle: BundledPage;
let file: Awaited<ReturnType<typeof writeTemporary>>;
let chosenFile: Awaited<ReturnType<typeof writeTemporary>>;
/** Of grey pictures; of classes and codes. */
let server: RunningServer;
let chosenServer: RunningServer;
let chosen: LoadedGenerator;
/** One without WebGPU, and one with it. */
const browsers: Record<'plain' | 'gpu', StartedChromium | undefined> = {
  plain: undefined,
  gpu: undefined,
};
const opened: OpenedPage[] = [];

beforeAll(async () => {
  if (!chromium) return;
  bundle = await bundlePage(fileURLToPath(new URL('../packages/serve/web/', import.meta.url)));
  file = await writeTemporary(model);
  chosenFile = await writeTemporary(await chosenGenerator());
  const options = { port: 0, pageDir: bundle.folder, device: 'cpu' } as const;
  server = await startServer({ model: file.path, ...options });
  chosenServer = await startServer({ model: chosenFile.path, ...options });
  chosen = await loadGenerator(chosenFile.path, { device: 'cpu' });
  browsers.plain = await startChromium([]);
  browsers.gpu = await startChromium([SOFTWARE_WEBGPU]);
});

afterEach(async () => {
  for (const page of opened.splice(0)) await page.close();
});

afterAll(async () => {
  await browsers.plain?.close();
  await browsers.gpu?.close();
  await chosen?.sampler.close();
  await server?.close();
  await chosenServer?.close();
  await file?.remove();
  await chosenFile?.remove();
  await bundle?.remove();
});

/** A page that is closed after the test. */
async function openPage(browser: keyof typeof browsers = 'plain'): Promise<OpenedPage> {
  const page = await browsers[browser]!.open();
  opened.push(page);
  await page.page.emulateMedia({ reducedMotion: 'reduce' });
  return page;
}

/** Waits until every panel that is seen has its pictures. */
const drawn = (page: Page) =>
  page.waitForFunction(() => {
    const panels = [...document.querySelectorAll<HTMLElement>('.panel')];
    const seen = panels.filter((panel) => panel.checkVisibility());
    return seen.length > 0 && seen.every(({ dataset }) => dataset.state === 'ready');
  });

async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await drawn(page);
}

/** Levels of a canvas, [H, W, channels]. */
async function levels(canvas: Locator, channels: 1 | 3 = 1): Promise<number[]> {
  const rgba = await canvas.evaluate((element: HTMLCanvasElement) => {
    const { width, height } = element;
    return Array.from(element.getContext('2d')!.getImageData(0, 0, width, height).data);
  });
  return rgba.filter((_, i) => i % 4 < channels);
}

const picture = (page: Page, panel: string, index: number) =>
  page.locator(`#${panel} .cell canvas`).nth(index);

/** What a colour picture of the generator of classes is, drawn in Node. */
async function drawnOf(index: number, wanted: object = {}): Promise<Uint8Array> {
  return (await chosen.sampler.sample({ seed: 42, start: index, ...wanted })).data;
}

const saved = async (page: Page, button: string) => {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  const bytes = await readFile(await download.path());
  return { name: download.suggestedFilename(), ...(await decodePicture(bytes)) };
};

describe.skipIf(!chromium)('the page draws what the server draws', () => {
  const profiles: [string, keyof typeof browsers, string, RegExp][] = [
    ['with the small runtime', 'plain', '', /the small runtime$/],
    ['with WebAssembly', 'gpu', '&device=wasm', /on WebAssembly$/],
    ['with WebGPU', 'gpu', '&device=webgpu', /on WebGPU/],
  ];
  test.each(profiles)('%s', async (_name, browser, query, how) => {
    const { page, complaints } = await openPage(browser);
    await visit(page, `${server.url}?seed=7${query}`);
    expect(await page.textContent('#page .how')).toMatch(how);
    expect(await page.textContent('#status')).toMatch(
      /^Seed 7: 64 pictures, drawn twice, the same (in every pixel|within one of 255 levels)\.$/,
    );
    for (const index of [0, 63]) {
      for (const panel of ['server', 'page']) {
        const got = await levels(picture(page, panel, index));
        expect(largestDifference(got, expected(7, index))).toBeLessThanOrEqual(1);
      }
    }
    expect(complaints).toEqual([]);
  });

  test('and shows where they differ', async () => {
    const { page } = await openPage();
    await page.route('**/v1/images/42?**', async (route) => {
      const response = await route.fetch();
      const body = await response.body();
      body[28 * 28 + 5] = body[28 * 28 + 5]! ^ 8;
      await route.fulfill({ response, body });
    });
    await visit(page, `${server.url}?view=difference`);
    expect(await page.textContent('#status.wrong')).toContain('differ by up to 8 of 255 levels');
    const second = await levels(picture(page, 'difference', 1));
    expect(second.flatMap((level, at) => (level > 0 ? [[at, level]] : []))).toEqual([[5, 255]]);
  });
});

describe.skipIf(!chromium)('what is asked for', () => {
  test('a class, codes and a truncation, by the controls, and kept in the address', async () => {
    const { page, complaints } = await openPage();
    await visit(page, chosenServer.url);
    // Three columns, one for each class.
    expect(await page.getAttribute('#page .cell >> nth=4', 'aria-label')).toBe(
      `Picture 4, class ${CLASSES[1]}`,
    );
    const asked: [() => Promise<unknown>, object][] = [
      [() => page.getByLabel(CLASSES[1]!, { exact: true }).check(), { label: 1 }],
      [() => page.locator('input[name=code-kind] >> nth=3').check(), { codes: { kind: 2 } }],
      [() => page.getByLabel('tilt').fill('-1.5'), { codes: { kind: 2, tilt: -1.5 } }],
      [() => page.getByLabel('Truncation').fill('0.5'), { truncation: 0.5 }],
    ];
    let wanted = {};
    for (const [act, change] of asked) {
      await act();
      wanted = { ...wanted, ...change };
      await page.waitForFunction(() => document.querySelector('#status')!.textContent !== '');
      await drawn(page);
      for (const panel of ['server', 'page']) {
        const got = await levels(picture(page, panel, 2), 3);
        expect(largestDifference(got, await drawnOf(2, wanted))).toBeLessThanOrEqual(1);
      }
    }
    const { searchParams } = new URL(page.url());
    expect(Object.fromEntries(searchParams)).toEqual({
      ...{ seed: '42', class: CLASSES[1], code: 'kind=2,tilt=-1.5', truncation: '0.5' },
    });
    const before = await levels(picture(page, 'page', 2), 3);
    await page.reload();
    await drawn(page);
    expect(await levels(picture(page, 'page', 2), 3)).toEqual(before);
    expect(complaints).toEqual([]);
  });

  test('the code and the links give the pictures that are shown', async () => {
    const { page } = await openPage();
    await visit(page, `${chosenServer.url}?class=1&truncation=0.5&picture=4`);
    const wanted = await drawnOf(4, { label: 1, truncation: 0.5 });
    const fetched = async (url: string) =>
      (await decodePicture(new Uint8Array(await (await fetch(url)).arrayBuffer()))).data;
    const curl = await page.textContent('#code');
    const [, address] = curl!.match(/^curl -o seed-42-4\.png '(.*)'$/)!;
    expect(Array.from(await fetched(address!))).toEqual(Array.from(wanted));
    await page.keyboard.press('Escape');
    await page.getByLabel('HTML').check();
    const html = await page.textContent('#code');
    const src = await page.evaluate((code) => {
      const body = new DOMParser().parseFromString(code!, 'text/html');
      return body.querySelector('img')!.src;
    }, html);
    const grid = await fetched(src);
    expect(Array.from(grid.subarray(0, 3))).toEqual(
      Array.from((await drawnOf(0, { label: 1, truncation: 0.5 })).subarray(0, 3)),
    );
  });

  test('what the address cannot have is told, and asked for anew', async () => {
    const { page } = await openPage();
    await visit(page, `${server.url}?seed=-3&class=4&picture=900`);
    const notice = await page.textContent('#notice');
    expect(notice).toContain('seed: expected an integer from 0 to 9007199254740991, got "-3"');
    expect(notice).toContain('this generator was trained without classes');
    expect(notice).toContain('picture: expected an integer from 0 to 63, got "900"');
    expect(await levels(picture(page, 'page', 0))).toEqual(Array.from(expected(42, 0)));
    await page.fill('#seed', '1e3');
    await page.keyboard.press('Enter');
    expect(await page.textContent('#seed-fault')).toBe(
      'seed: expected an integer from 0 to 9007199254740991, got "1e3"',
    );
    expect(await page.getAttribute('#seed', 'aria-invalid')).toBe('true');
    await page.fill('#seed', '9');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() =>
      document.querySelector('#status')!.textContent!.includes('9:'),
    );
    expect(await page.textContent('#seed-fault')).toBe('');
    expect(await page.isVisible('#notice')).toBe(false);
    expect(await levels(picture(page, 'page', 0))).toEqual(Array.from(expected(9, 0)));
  });
});

describe.skipIf(!chromium)('a picture', () => {
  test('is reached, enlarged and left with the keyboard', async () => {
    const { page, complaints } = await openPage();
    await visit(page, server.url);
    await page.focus('#random');
    for (let i = 0; i < 3; i += 1) await page.keyboard.press('Tab');
    const focused = () => page.evaluate(() => document.activeElement!.ariaLabel);
    // Past the truncation and the server's pictures.
    expect(await focused()).toBe('Picture 0');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('Picture 9');
    await page.keyboard.press('Enter');
    expect(await page.textContent('#enlarged-title')).toBe('Picture 9');
    await page.keyboard.press('ArrowRight');
    expect(new URL(page.url()).searchParams.get('picture')).toBe('10');
    const large = await levels(page.locator('#enlarged-picture'));
    expect(large).toEqual(Array.from(expected(42, 10)));
    await page.keyboard.press('Escape');
    expect(await focused()).toBe('Picture 9');
    expect(page.url()).not.toContain('picture');
    expect(complaints).toEqual([]);
  });

  test('is saved as it is, alone and in the grid', async () => {
    const { page } = await openPage();
    await visit(page, `${server.url}?picture=3`);
    const one = await saved(page, '#enlarged-save');
    expect([one.name, one.width, one.height]).toEqual(['seed-42-3.png', 28, 28]);
    expect(Array.from(one.data).filter((_, i) => i % one.channels === 0)).toEqual(
      Array.from(expected(42, 3)),
    );
    await page.keyboard.press('Escape');
    const grid = await saved(page, '#save');
    expect([grid.name, grid.width, grid.height]).toEqual(['seed-42.png', 224, 224]);
    // The first row of picture 9: the second of the second row.
    const at = (28 * 224 + 28) * grid.channels;
    const row = Array.from(grid.data.subarray(at, at + 28 * grid.channels));
    expect(row.filter((_, i) => i % grid.channels === 0)).toEqual(
      Array.from(expected(42, 9).subarray(0, 28)),
    );
  });
});

describe.skipIf(!chromium)('ways through the latents', () => {
  test('a walk stands still for those who want no motion, and moves when it is told to', async () => {
    const { page, complaints } = await openPage();
    await visit(page, `${server.url}?view=walk`);
    const canvas = page.locator('#walk-picture');
    await page.waitForFunction(() => document.querySelector('canvas')!.width === 28);
    expect(await levels(canvas)).toEqual(Array.from(expected(42, 0)));
    await page.waitForTimeout(300);
    expect(await levels(canvas)).toEqual(Array.from(expected(42, 0)));
    await page.click('#walk-play');
    const moved = await levels(canvas);
    await expect.poll(() => levels(canvas)).not.toEqual(moved);
    await page.click('#walk-play');
    await page.locator('#walk .cell').nth(5).click();
    await expect.poll(() => levels(canvas)).toEqual(Array.from(expected(42, 5)));
    expect(complaints).toEqual([]);
  });

  test('of a generator of classes, all walk together', async () => {
    const { page } = await openPage();
    await visit(page, `${chosenServer.url}?view=walk`);
    const canvas = page.locator('#walk-picture');
    await expect.poll(() => canvas.getAttribute('width')).toBe('18');
    const all = await levels(canvas, 3);
    const last = await drawnOf(0, { label: 2 });
    expect(largestDifference(all.slice(36, 54), last.subarray(0, 18))).toBeLessThanOrEqual(1);
  });

  test('between two that are picked lies what is half-way', async () => {
    const { page, complaints } = await openPage();
    await visit(page, `${chosenServer.url}?view=between&class=2`);
    await page.locator('#between-picker .cell').nth(3).click();
    await page.locator('#between-picker .cell').nth(7).click();
    await drawn(page);
    expect(new URL(page.url()).searchParams.get('from')).toBe('3');
    expect(new URL(page.url()).searchParams.get('to')).toBe('7');
    const half = slerp(latents(42, 3, 8), latents(42, 7, 8), 0.5);
    const wanted = [
      await drawnOf(3, { label: 2 }),
      (await chosen.sampler.draw({ latents: half, labels: [2] })).data,
      await drawnOf(7, { label: 2 }),
    ];
    const strip = page.locator('#between-panel .cell canvas');
    for (const [i, at] of [0, 4, 8].entries()) {
      const got = await levels(strip.nth(at), 3);
      expect(largestDifference(got, wanted[i]!)).toBeLessThanOrEqual(1);
    }
    await page.focus('#between-at');
    await page.keyboard.press('End');
    const large = await levels(page.locator('#between-picture'), 3);
    expect(largestDifference(large, wanted[2]!)).toBeLessThanOrEqual(1);
    const file = await saved(page, '#between-save');
    expect([file.name, file.width]).toEqual(['seed-42-from-3-to-7.png', 54]);
    expect(complaints).toEqual([]);
  });
});

test.skipIf(!chromium)('each of several models has its page, and links to the others', async () => {
  const models = [
    { name: 'grey', model: file.path },
    { name: 'chosen', model: chosenFile.path },
  ];
  const several = await startServer({
    model: models,
    port: 0,
    pageDir: bundle.folder,
    device: 'cpu',
  });
  try {
    const { page, complaints } = await openPage();
    await visit(page, several.url);
    expect(await page.textContent('#models [aria-current]')).toBe('grey');
    await page.click('#models a:has-text("chosen")');
    await page.waitForURL('**/models/chosen/*');
    await drawn(page);
    expect(await page.textContent('#models [aria-current]')).toBe('chosen');
    const got = await levels(picture(page, 'page', 2), 3);
    expect(largestDifference(got, await drawnOf(2))).toBeLessThanOrEqual(1);
    expect(await page.textContent('#status')).toContain('drawn twice, the same');
    expect(await page.locator('#api').evaluate((link: HTMLAnchorElement) => link.href)).toBe(
      `${several.url}docs`,
    );
    expect(complaints).toEqual([]);
  } finally {
    await several.close();
  }
});

describe.skipIf(!chromium)('what is missing', () => {
  test('the server, once the page is there: the page draws, and Retry asks again', async () => {
    const { page } = await openPage();
    const options = { model: file.path, pageDir: bundle.folder, device: 'cpu' } as const;
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
    await visit(page, server.url);
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
    await visit(page, server.url);
    await page.click('#copy-link');
    await expect.poll(() => page.textContent('#copy-link')).toBe('Copied');
    expect(await levels(picture(page, 'page', 1))).toEqual(Array.from(expected(42, 1)));
    expect(complaints).toEqual([]);
  });

  test('everything: it says so, and Retry asks again', async () => {
    const { page } = await openPage();
    await page.route('**/v1/model', (route) => route.abort());
    await page.goto(server.url);
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
    await page.goto(server.url);
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
      await visit(page, `${chosenServer.url}${query}`);
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
    await visit(page, `${chosenServer.url}${query}`);
    const { clientWidth, scrollWidth } = await page.evaluate(() => document.documentElement);
    expect(scrollWidth).toBe(clientWidth);
  });
});
