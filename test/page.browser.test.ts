/** The service's page in a real Chromium: what it shows, pixel by pixel, and what is asked of it. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { latents } from '../packages/model/src/index.ts';
import { slerp } from '../packages/sample/src/index.ts';
import { decodePicture, largestDifference } from '../packages/sample/test/fixture.ts';
import { startServer } from '../packages/serve/src/index.ts';
import { CLASSES } from './page-model.ts';
import {
  addressOf,
  type BrowserName,
  chromium,
  drawn,
  expected,
  levels,
  picture,
  useServedPages,
  visit,
} from './served-page.ts';

const pages = useServedPages();
const { openPage, drawnOf, drawnAt } = pages;

const saved = async (page: Page, button: string) => {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  const bytes = await readFile(await download.path());
  return { name: download.suggestedFilename(), ...(await decodePicture(bytes)) };
};

describe.skipIf(!chromium)('the page draws what the server draws', () => {
  const profiles: [string, BrowserName, string, RegExp][] = [
    ['with the small runtime', 'plain', '', /the small runtime$/],
    ['with WebAssembly', 'gpu', '&device=wasm', /on WebAssembly$/],
    ['with WebGPU', 'gpu', '&device=webgpu', /on WebGPU/],
  ];
  test.each(profiles)('%s', async (_name, browser, query, how) => {
    const { page, complaints } = await openPage(browser);
    await visit(page, `${pages.served.server.url}?seed=7${query}`);
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
    await visit(page, `${pages.served.server.url}?view=difference`);
    expect(await page.textContent('#status.wrong')).toContain('differ by up to 8 of 255 levels');
    const second = await levels(picture(page, 'difference', 1));
    expect(second.flatMap((level, at) => (level > 0 ? [[at, level]] : []))).toEqual([[5, 255]]);
  });
});

describe.skipIf(!chromium)('what is asked for', () => {
  test('a class, codes and a truncation, by the controls, and kept in the address', async () => {
    const { page, complaints } = await openPage();
    await visit(page, pages.served.chosenServer.url);
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
    const { searchParams } = await addressOf(page);
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
    await visit(page, `${pages.served.chosenServer.url}?class=1&truncation=0.5&picture=4`);
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
    await visit(page, `${pages.served.server.url}?seed=-3&class=4&picture=900`);
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
    await visit(page, pages.served.server.url);
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
    expect((await addressOf(page)).searchParams.get('picture')).toBe('10');
    const large = await levels(page.locator('#enlarged-picture'));
    expect(large).toEqual(Array.from(expected(42, 10)));
    await page.keyboard.press('Escape');
    expect(await focused()).toBe('Picture 9');
    // The event that says so comes after the focus.
    await expect.poll(async () => (await addressOf(page)).search).not.toContain('picture');
    expect(complaints).toEqual([]);
  });

  test('is saved as it is, alone and in the grid', async () => {
    const { page } = await openPage();
    await visit(page, `${pages.served.server.url}?picture=3`);
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
    await visit(page, `${pages.served.server.url}?view=walk`);
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
    await visit(page, `${pages.served.chosenServer.url}?view=walk`);
    const canvas = page.locator('#walk-picture');
    await expect.poll(() => canvas.getAttribute('width')).toBe('18');
    const all = await levels(canvas, 3);
    const last = await drawnOf(0, { label: 2 });
    expect(largestDifference(all.slice(36, 54), last.subarray(0, 18))).toBeLessThanOrEqual(1);
  });

  test('between two that are picked lies what is half-way', async () => {
    const { page, complaints } = await openPage();
    await visit(page, `${pages.served.chosenServer.url}?view=between&class=2`);
    await page.locator('#between-picker .cell').nth(3).click();
    await page.locator('#between-picker .cell').nth(7).click();
    await drawn(page);
    const { searchParams } = await addressOf(page);
    expect([searchParams.get('from'), searchParams.get('to')]).toEqual(['3', '7']);
    const half = slerp(latents(42, 3, 8), latents(42, 7, 8), 0.5);
    const wanted = [
      await drawnOf(3, { label: 2 }),
      await drawnAt(half, 2),
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
    { name: 'grey', model: pages.served.file },
    { name: 'chosen', model: pages.served.chosenFile },
  ];
  const several = await startServer({
    model: models,
    port: 0,
    pageDir: pages.served.pageDir,
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
