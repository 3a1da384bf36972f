/** The service's page for browser tests: bundled, served with two generators, and opened in browsers with and without a GPU. */
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type LoadedGenerator, loadGenerator } from '../packages/sample/src/node.ts';
import { buildGenerator, writeTemporary } from '../packages/sample/test/fixture.ts';
import { type RunningServer, startServer } from '../packages/serve/src/index.ts';
import { type BundledPage, bundlePage } from './bundled-page.ts';
import {
  hasChromium,
  type OpenedPage,
  SOFTWARE_WEBGPU,
  type StartedChromium,
  startChromium,
} from './chromium.ts';
import { chosenGenerator } from './page-model.ts';

export const chromium = hasChromium();

const { model, expected } = buildGenerator();

/** What the generator of grey pictures draws. */
export { expected };

/** `plain` has no WebGPU. */
export type BrowserName = 'plain' | 'gpu';

interface Served {
  /** Where the page's files are. */
  pageDir: string;
  /** Files of two generators: of grey pictures; of classes and codes. */
  file: string;
  chosenFile: string;
  /** And of each a service. */
  server: RunningServer;
  chosenServer: RunningServer;
}

export interface ServedPages {
  served: Served;
  /** A page that is closed after the test. */
  openPage(browser?: BrowserName): Promise<OpenedPage>;
  /** What a colour picture of the generator of classes is, drawn in Node. */
  drawnOf(index: number, wanted?: object): Promise<Uint8Array>;
  /** The same, of latents. */
  drawnAt(latents: Float32Array, label: number): Promise<Uint8Array>;
}

/** Starts what pages need before a file's tests, and ends it after them. */
export function useServedPages(): ServedPages {
  const browsers: Partial<Record<BrowserName, StartedChromium>> = {};
  const opened: OpenedPage[] = [];
  const files: Awaited<ReturnType<typeof writeTemporary>>[] = [];
  let bundle: BundledPage;
  let served: Served;
  let chosen: LoadedGenerator;

  beforeAll(async () => {
    if (!chromium) return;
    bundle = await bundlePage(fileURLToPath(new URL('../packages/serve/web/', import.meta.url)));
    for (const bytes of [model, await chosenGenerator()]) files.push(await writeTemporary(bytes));
    const [file, chosenFile] = files.map(({ path }) => path) as [string, string];
    const options = { port: 0, pageDir: bundle.folder, device: 'cpu' } as const;
    served = {
      ...{ pageDir: bundle.folder, file, chosenFile },
      server: await startServer({ model: file, ...options }),
      chosenServer: await startServer({ model: chosenFile, ...options }),
    };
    chosen = await loadGenerator(chosenFile, { device: 'cpu' });
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
    await served?.server.close();
    await served?.chosenServer.close();
    for (const { remove } of files) await remove();
    await bundle?.remove();
  });

  return {
    get served() {
      return served;
    },
    async openPage(browser = 'plain') {
      const page = await browsers[browser]!.open();
      opened.push(page);
      await page.page.emulateMedia({ reducedMotion: 'reduce' });
      return page;
    },
    async drawnOf(index, wanted = {}) {
      return (await chosen.sampler.sample({ seed: 42, start: index, ...wanted })).data;
    },
    async drawnAt(latents, label) {
      return (await chosen.sampler.draw({ latents, labels: [label] })).data;
    },
  };
}

/** Waits until every panel that is seen has its pictures. */
export const drawn = (page: Page) =>
  page.waitForFunction(() => {
    const panels = [...document.querySelectorAll<HTMLElement>('.panel')];
    const seen = panels.filter((panel) => panel.checkVisibility());
    return seen.length > 0 && seen.every(({ dataset }) => dataset.state === 'ready');
  });

export async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await drawn(page);
}

/** The page's address as the page has it: Playwright hears of a change later. */
export const addressOf = async (page: Page) => new URL(await page.evaluate(() => location.href));

/** Levels of a canvas, [H, W, channels]. */
export async function levels(canvas: Locator, channels: 1 | 3 = 1): Promise<number[]> {
  const rgba = await canvas.evaluate((element: HTMLCanvasElement) => {
    const { width, height } = element;
    return Array.from(element.getContext('2d')!.getImageData(0, 0, width, height).data);
  });
  return rgba.filter((_, i) => i % 4 < channels);
}

export const picture = (page: Page, panel: string, index: number) =>
  page.locator(`#${panel} .cell canvas`).nth(index);
