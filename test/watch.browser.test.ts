/** The live page of a run in a real Chromium, as the run goes on and ends. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportGenerator } from '../packages/export/src/index.ts';
import { openProgram } from '../packages/runtime/src/node.ts';
import { openSampler } from '../packages/sample/src/index.ts';
import type {} from '../packages/sample/src/page/script.ts';
import { startWatch, type Watch } from '../packages/serve/src/index.ts';
import { samplesPng } from '../packages/train/src/evaluate/samples-png.ts';
import { createRunView, PAGE } from '../packages/train/src/index.ts';
import { writeRun } from '../packages/train/test/written-run.ts';
import { hasChromium, type StartedChromium, startChromium } from './chromium.ts';
import { trainSmall } from './small-run.ts';

const chromium = hasChromium();
let browser: StartedChromium | undefined;
let folder: string;
let run: string;
let watch: Watch | undefined;

beforeAll(async () => {
  if (!chromium) return;
  folder = mkdtempSync(join(tmpdir(), 'ganport-watch-page-'));
  const size = { height: 28, width: 28, channels: 1 as const };
  const png = await samplesPng(new Float32Array(64 * 784).fill(0.3), size);
  run = writeRun(folder, { png });
  browser = await startChromium([]);
  watch = await startWatch({ files: PAGE, ...createRunView(run) }, { port: 0, flag: '--port' });
});

afterAll(async () => {
  await browser?.close();
  await watch?.close();
  if (folder) rmSync(folder, { recursive: true });
});

const said = (page: Page, id: string, text: string) =>
  page.waitForFunction(([id, text]) => document.getElementById(id!)!.textContent.includes(text!), [
    id,
    text,
  ] as const);

const overflows = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

test.skipIf(!chromium)(
  'the page shows a run, follows it, goes back, and outlives its server',
  async () => {
    const { page, complaints } = await browser!.open();
    await page.goto(watch!.url);
    await said(page, 'status', 'step 4 of 20000');
    expect(await page.textContent('h1')).toBe('a <b> & "c"');
    expect(await page.locator('#charts polyline').count()).toBe(4);
    expect(await page.locator('#modes rect').count()).toBe(3);
    const shows = (step: number) =>
      page.waitForSelector(`#frame img[alt="Pictures after ${step} steps"]`);
    await shows(3);
    const width = () =>
      page
        .locator('#frame img')
        .evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth));
    expect(await width()).toBe(8 * 28 * 3 + 9 * 3);

    // Back to an earlier step, which stays while more come.
    await page.focus('#slider');
    await page.keyboard.press('Home');
    await shows(1);
    appendFileSync(join(run, 'metrics.jsonl'), '{"step":9,"dLoss":1,"gLoss":2}\n');
    writeFileSync(join(run, 'warnings.json'), '["step 9: the generator has collapsed"]');
    await said(page, 'status', 'step 9 of 20000');
    await said(page, 'warnings', 'the generator has collapsed');
    await shows(1);
    await page.click('#newest');
    await shows(3);

    await page.setViewportSize({ width: 360, height: 740 });
    expect(await overflows(page)).toBe(false);

    await watch!.close();
    watch = undefined;
    await said(page, 'connection', 'has ended');
    await page.focus('#slider');
    await page.keyboard.press('ArrowLeft');
    await shows(2);
    expect(await width()).toBe(8 * 28 * 3 + 9 * 3);
    expectNoMore(complaints);
    await page.close();
  },
);

/** A server that is gone is the browser's one complaint. */
function expectNoMore(complaints: readonly string[]): void {
  expect(complaints.filter((line) => !line.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
}

test.skipIf(!chromium)(
  'a picture stays until the next can be seen, also where the server ends',
  async () => {
    const view = createRunView(run);
    let steps = [1];
    const slow = await startWatch(
      {
        files: PAGE,
        update: async () => ({ ...(await view.update()), pictures: steps }),
        picture: async (step) => {
          if (step > 1) await new Promise((resolve) => setTimeout(resolve, 500));
          return view.picture(step);
        },
      },
      { port: 0, flag: '--port' },
    );
    const { page, complaints } = await browser!.open();
    await page.goto(slow.url);
    await page.waitForSelector('#frame img');
    /** Steps that the page has shown, each with whether its picture could be seen. */
    const seen = await page.evaluateHandle(() => {
      const shown: [string, boolean][] = [];
      new MutationObserver(() => {
        const image = document.querySelector<HTMLImageElement>('#frame img')!;
        shown.push([image.alt, image.naturalWidth > 0]);
      }).observe(document.getElementById('frame')!, { childList: true });
      return shown;
    });
    // The last picture is announced as the server ends, as that of a training.
    steps = [1, 2, 3];
    await slow.close();
    await said(page, 'connection', 'has ended');
    await page.waitForSelector('#frame img[alt="Pictures after 3 steps"]');
    expect(await seen.jsonValue()).toEqual([['Pictures after 3 steps', true]]);
    await page.focus('#slider');
    await page.keyboard.press('ArrowLeft');
    await page.waitForSelector('#frame img[alt="Pictures after 2 steps"]');
    expectNoMore(complaints);
    await page.close();
  },
);

test.skipIf(!chromium)('the page draws with the newest generator itself', async () => {
  const built = join(folder, 'script');
  const root = fileURLToPath(new URL('../packages/sample/', import.meta.url));
  const configFile = join(root, 'vite.config.ts');
  await build({ configFile, root, mode: 'script', logLevel: 'error', build: { outDir: built } });
  const trained = join(folder, 'trained');
  await trainSmall(trained, { channels: 1, ema: 0, steps: 2 });
  const view = createRunView(trained, {
    exportGenerator: async (run, checkpoint) =>
      (await exportGenerator(run, { checkpoint, version: 'test' })).model,
  });
  const text = readFileSync(join(built, 'gan-image.js'), 'utf8');
  const files = { ...PAGE, '/gan-image.js': { type: 'js', text } };
  const own = await startWatch({ files, ...view }, { port: 0, flag: '--port' });
  const { page, complaints } = await browser!.open();
  try {
    await page.goto(own.url);
    await said(page, 'drawn-step', '2');
    /** Levels of the first of the pictures that the page drew. */
    const drawn = (seed: number) =>
      page.evaluate(async (of) => {
        const element = document.querySelector('gan-image')!;
        while (!element.generator) await new Promise((resolve) => setTimeout(resolve, 20));
        const { generator } = element;
        const { data } = await generator.sample({ seed: of, count: 1, as: 'bytes' });
        return { steps: generator.metadata.provenance.steps, levels: [...data] };
      }, seed);
    const sampler = await openSampler({
      model: (await exportGenerator(trained, { checkpoint: 2, version: 'test' })).model,
      open: (model) => openProgram(model, { device: 'cpu' }),
    });
    const { data } = await sampler.sample({ seed: 3, count: 1 });
    const got = await drawn(3);
    expect(got.steps).toBe(2);
    const off = got.levels.map((level, i) => Math.abs(level - data[i]!));
    expect(Math.max(...off)).toBeLessThanOrEqual(1);
    await sampler.close();
    // As it improves, so do the pictures.
    await trainSmall(trained, { channels: 1, ema: 0, steps: 4, resumeAt: 2 });
    await said(page, 'drawn-step', '4');
    await page.waitForFunction(
      () => document.querySelector('gan-image')?.generator?.metadata.provenance.steps === 4,
    );
    await page.click('#other');
    expect(await page.getAttribute('gan-image', 'seed')).toBe('1');
    // The last generator is announced as the server ends: the page has it all the same.
    await trainSmall(trained, { channels: 1, ema: 0, steps: 6, resumeAt: 4 });
    await own.close();
    await said(page, 'connection', 'has ended');
    expect((await drawn(3)).steps).toBe(6);
    expect(await page.textContent('#drawn-wrong')).toBe('');
    expectNoMore(complaints);
  } finally {
    await page.close();
    await own.close();
  }
});
