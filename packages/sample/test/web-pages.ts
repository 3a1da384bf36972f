/** Generators in a page of a bundler's, for browser tests: models good and bad, a server, and browsers with and without a GPU. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type BundledPage, bundlePage } from '../../../test/bundled-page.ts';
import {
  hasChromium,
  type OpenedPage,
  SOFTWARE_WEBGPU,
  type StartedChromium,
  startChromium,
} from '../../../test/chromium.ts';
import { type StaticServer, serveStatic } from '../../../test/static-server.ts';
import type {} from './browser/page.ts';
import { buildGenerator } from './fixture.ts';

export const chromium = hasChromium();
const ORT = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));

const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:";
export const NO_WASM = POLICY.replace(" 'wasm-unsafe-eval'", '');
export const NO_WORKER = POLICY.replace("worker-src 'self'", "worker-src 'none'");

/** A name of this machine that is not one to browsers: its pages are no secure contexts. */
export const ELSEWHERE = 'elsewhere.test';

export const { model, expected } = buildGenerator({ channels: 3, height: 20 });
const foreign = Buffer.from(
  Buffer.from(model).toString('latin1').replace('ganport', 'another'),
  'latin1',
);
const lying = buildGenerator({ alter: (m) => ({ ...m, image: { ...m.image, width: 30 } }) }).model;
/** More work than `auto` leaves to the small runtime. */
export const large = buildGenerator({ latent: 128, height: 160, width: 160, channels: 3 });

/** What `drawTwo` is to give of the model. */
export const want = [...expected(42, 5), ...expected(42, 6)];

/** `plain` has no WebGPU. */
export type BrowserName = 'plain' | 'gpu';

export interface WebPages {
  /** Serves the page and the models. */
  server: StaticServer;
  /** Opens the page, until the test has ended. */
  visit(browser: BrowserName, policy?: string): Promise<OpenedPage>;
  /** Where the GPU is within a test's reach: in a worker it is not. */
  onOwnThread(browser: BrowserName, script: string): Promise<Page>;
}

/** Starts what pages need before a file's tests, and ends it after them. */
export function useWebPages(): WebPages {
  const browsers: Partial<Record<BrowserName, StartedChromium>> = {};
  const opened: OpenedPage[] = [];
  let bundle: BundledPage;
  let server: StaticServer;

  beforeAll(async () => {
    if (!chromium) return;
    bundle = await bundlePage(fileURLToPath(new URL('browser/', import.meta.url)));
    server = await serveStatic({
      'generator.onnx': model,
      'foreign.onnx': foreign,
      'lying.onnx': lying,
      'large.onnx': large.model,
      'cut.onnx': model.subarray(0, 5000),
      'ort/': `${ORT}/`,
      '': `${bundle.folder}/`,
    });
    browsers.plain = await startChromium([`--host-resolver-rules=MAP ${ELSEWHERE} 127.0.0.1`]);
    browsers.gpu = await startChromium([SOFTWARE_WEBGPU]);
  }, 120_000);

  afterEach(async () => {
    for (const page of opened.splice(0)) await page.close();
  });

  afterAll(async () => {
    await browsers.plain?.close();
    await browsers.gpu?.close();
    await server?.close();
    await bundle?.remove();
  });

  async function open(browser: BrowserName, policy: string, script = ''): Promise<OpenedPage> {
    server.headers['content-security-policy'] = policy;
    server.asked.length = 0;
    const page = await browsers[browser]!.open();
    opened.push(page);
    await page.page.addInitScript(script);
    await page.page.goto(server.url);
    return page;
  }

  return {
    get server() {
      return server;
    },
    visit: (browser, policy = POLICY) => open(browser, policy),
    onOwnThread: async (browser, script) => (await open(browser, NO_WORKER, script)).page,
  };
}

export type Options = {
  device?: string;
  runtime?: string;
  base?: string;
  sha256?: string;
  threads?: number;
};

/** Loads in the page, draws two pictures, and tells what drew them. */
export function drawTwo(page: Page, options: Options, file = 'generator.onnx') {
  return page.evaluate(
    async ([name, given]) => {
      const parts = new Set<string>();
      const g = await window.web.loadGenerator(name as string, {
        ...(given as object),
        onProgress: ({ part, loaded }) => loaded > 1000 && parts.add(part),
      });
      const { data } = await g.sample({ seed: 42, start: 5, count: 2, as: 'bytes' });
      const { device, runtime, reason, description } = g;
      g.dispose();
      return { data: Array.from(data), device, runtime, reason, description, parts: [...parts] };
    },
    [file, options] as const,
  );
}

/** What is thrown in the page, as its name and message. */
export function failure(page: Page, options: Options, file: string): Promise<string> {
  return page.evaluate(
    ([name, given]) =>
      window.web.loadGenerator(name as string, given as object).then(
        () => 'nothing',
        (error: Error) => `${error.name}: ${error.message}`,
      ),
    [file, options] as const,
  );
}
