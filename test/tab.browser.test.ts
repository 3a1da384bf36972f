/** Runs in a tab of a real Chromium: the same as Node's, and either goes on with the other's. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { unzipSync, zipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readGeneratorMetadata } from '../packages/model/src/index.ts';
import { readCheckpoint, readRun } from '../packages/model/src/node.ts';
import { type ServedPage, servePage } from '../packages/tab/src/index.ts';
import type {} from '../packages/tab/web/page.ts';
import { loadDataset, type Overrides, resolveConfig, train } from '../packages/train/src/index.ts';
import type { GivenData, Started, TrainEvent } from '../packages/train/src/web.ts';
import { idx } from '../packages/train/test/files.ts';
import { type BundledPage, bundlePage } from './bundled-page.ts';
import {
  hasChromium,
  type OpenedPage,
  SOFTWARE_WEBGPU,
  type StartedChromium,
  startChromium,
} from './chromium.ts';

const chromium = hasChromium();
const TAB = fileURLToPath(new URL('../packages/tab/', import.meta.url));

let folder: string;
let browser: StartedChromium;
let bundle: BundledPage;
let server: ServedPage;
const opened: OpenedPage[] = [];

beforeAll(async () => {
  if (!chromium) return;
  folder = mkdtempSync(join(tmpdir(), 'ganport-tab-'));
  mkdirSync(join(folder, 'idx'));
  for (const [name, bytes] of Object.entries(IDX)) writeFileSync(join(folder, 'idx', name), bytes);
  bundle = await bundlePage(join(TAB, 'web'), join(TAB, 'vite.config.ts'));
  server = await servePage({ port: 0, folder: bundle.folder });
  browser = await startChromium([SOFTWARE_WEBGPU]);
});

afterEach(async () => {
  for (const page of opened.splice(0)) await page.close();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await bundle?.remove();
  if (folder) rmSync(folder, { recursive: true });
});

/** A page whose worker is told of four cores, and so trains with two threads. */
async function openTab(): Promise<OpenedPage> {
  const tab = await browser.open();
  opened.push(tab);
  // Scripts of workers are changed only on their way.
  await tab.page.route('**/worker-*.js', async (route) => {
    const response = await route.fetch();
    const told = "Object.defineProperty(navigator, 'hardwareConcurrency', { value: 4 });";
    await route.fulfill({ response, body: told + (await response.text()) });
  });
  await tab.page.goto(server.url);
  return tab;
}

/** A small convolutional GAN of digits drawn by code, and a fully connected one of an IDX file. */
const CASES = {
  conv: { data: 'glyphs', settings: { preset: 'quick', batch: 8 } },
  mlp: { data: 'idx', settings: { preset: 'mlp', batch: 16 } },
} satisfies Record<string, { data: Overrides['data']; settings: Overrides }>;

/** Images and labels of their own, one file of them gzipped. */
const IMAGES = idx(
  [48, 28, 28],
  Array.from({ length: 48 * 784 }, (_, i) => ((i * i) >> 7) % 256),
);
const IDX = {
  'train-images-idx3-ubyte.gz': gzipSync(IMAGES),
  'train-labels-idx1-ubyte': idx(
    [48],
    Array.from({ length: 48 }, (_, i) => 3 + (i % 5)),
  ),
};
const SHORT: Overrides = { seed: 4, steps: 20, every: { metrics: 1, checkpoint: 10 } };

interface Told {
  started: Started;
  events: TrainEvent[];
  /** As data: URLs. */
  zip: string;
  generator: string;
}

const bytesOf = (url: string) => Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');

/** Trains in the tab to the end. @param zip of a run to go on with */
async function trainInTab(
  page: Page,
  settings: Overrides,
  {
    device = 'wasm',
    data = 'glyphs',
    zip,
  }: { device?: 'wasm' | 'webgpu'; data?: 'glyphs' | 'idx'; zip?: Uint8Array } = {},
): Promise<Told> {
  for (const [name, body] of Object.entries(IDX)) {
    await page.route(`**/${name}`, (route) => route.fulfill({ body }));
  }
  if (zip) await page.route('**/run.zip', (route) => route.fulfill({ body: Buffer.from(zip) }));
  return page.evaluate(
    async ([given, on, source, goesOn]) => {
      const { trainer, listener } = window.trainingTab;
      const events: TrainEvent[] = [];
      let end: (failure?: string) => void = () => {};
      const ended = new Promise<string | undefined>((resolve) => {
        end = resolve;
      });
      const tell = listener((event) => {
        events.push(event.type === 'samples' ? { ...event, png: event.png.slice(0, 8) } : event);
        if (event.type === 'ended') end();
        if (event.type === 'failed') end(event.reason);
      });
      const urlOf = (bytes: Uint8Array) =>
        new Promise<string>((resolve) => {
          const reader = new FileReader();
          reader.onload = () => resolve(String(reader.result));
          reader.readAsDataURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
        });
      const fetched = async (name: string) => new File([await (await fetch(name)).blob()], name);
      const images: GivenData =
        source === 'glyphs'
          ? { source }
          : {
              source: 'idx',
              images: await fetched('train-images-idx3-ubyte.gz'),
              labels: await fetched('train-labels-idx1-ubyte'),
            };
      const started = goesOn
        ? await trainer.goOn(
            {
              run: await fetched('run.zip'),
              data: source === 'glyphs' ? undefined : images,
              settings: given as Overrides,
              device: on,
            },
            tell,
          )
        : await trainer.start({ data: images, settings: given, device: on }, tell);
      const failure = await ended;
      if (failure !== undefined) throw new Error(failure);
      const archive = await urlOf(await trainer.zip());
      return { started, events, zip: archive, generator: await urlOf(await trainer.generator()) };
    },
    [settings, device, data, zip !== undefined] as const,
  );
}

async function trainInNode(
  run: string,
  settings: Overrides,
  { resume = false, dataDir }: { resume?: boolean; dataDir?: string } = {},
): Promise<void> {
  const dataset = dataDir
    ? await loadDataset({ source: 'idx', dataDir })
    : await loadDataset({ source: 'glyphs' });
  const sources = resume
    ? ([
        ['run.json', (await readRun(run)).config],
        ['the test', settings],
      ] as const)
    : ([['the test', settings]] as const);
  await train({
    ...{ config: resolveConfig(sources, dataset), dataset, folder: run, resume },
    ...{ engine: 'onnxruntime', device: 'cpu', threads: 1, tf32: false, versions: {} },
  });
}

/** Metrics of each step by name, of a run folder's log. */
function metricsOf(run: string): Record<string, number>[] {
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line)).filter((line) => 'gLoss' in line);
}

function unzipTo(into: string, zip: string): string {
  const files = Object.entries<Uint8Array>(unzipSync(bytesOf(zip)));
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(into, name)), { recursive: true });
    writeFileSync(join(into, name), bytes);
  }
  return join(into, files[0]![0].split('/')[0]!);
}

function zipOf(run: string): Uint8Array {
  const paths = readdirSync(run, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.\w+$|best|latest/.test(path),
  );
  return zipSync(Object.fromEntries(paths.map((path) => [path, readFileSync(join(run, path))])));
}

/** Runtimes add up in other orders: what both say of a run is this near. */
function expectNear(got: Record<string, number>[], expected: Record<string, number>[]): void {
  expect(got.map(({ step }) => step)).toEqual(expected.map(({ step }) => step));
  got.forEach((line, i) => {
    for (const [name, value] of Object.entries(expected[i]!)) {
      expect(Math.abs(line[name]! - value), `${name} of step ${line.step}`).toBeLessThan(1e-4);
    }
  });
  expect(Math.abs(got[0]!.gLoss! - got.at(-1)!.gLoss!)).toBeGreaterThan(1e-3);
}

describe.skipIf(!chromium)('a run in the tab', () => {
  test.each(Object.keys(CASES) as (keyof typeof CASES)[])(
    '%s has the losses of Node, and each goes on with the other’s',
    async (name) => {
      const { page, complaints } = await openTab();
      const { data } = CASES[name];
      const settings = { ...CASES[name].settings, ...SHORT };
      const node = join(folder, `${name}-node`);
      const given = data === 'idx' ? { dataDir: join(folder, 'idx') } : {};
      await trainInNode(node, { ...settings, data, ...given }, given);
      const told = await trainInTab(page, settings, { data });
      expect(told.started.description).toMatch(/^onnxruntime-web \S+ on WebAssembly, threads: 2$/);
      const tab = unzipTo(join(folder, `${name}-tab`), told.zip);
      expect((await readRun(tab)).threads).toBe(2);
      expectNear(metricsOf(tab), metricsOf(node));
      const samples = told.events.filter(({ type }) => type === 'samples');
      expect(samples.length).toBeGreaterThan(1);
      const steps = told.events.flatMap((event) => (event.type === 'steps' ? event.steps : []));
      expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
      const metadata = readGeneratorMetadata(bytesOf(told.generator));
      expect(metadata.provenance.steps).toBe(20);

      // Ten more, on the other side: of the same bytes, so as near as one run is to itself.
      const more: Overrides = { steps: 30 };
      const zip = zipOf(node);
      // The tab's archive has its images with it.
      await trainInNode(tab, more, {
        resume: true,
        ...(data === 'idx' && { dataDir: join(tab, 'data') }),
      });
      const inTab = await trainInTab(page, more, { data, zip });
      const [again, byNode] = [unzipTo(join(folder, `${name}-again`), inTab.zip), metricsOf(tab)];
      expect(inTab.started.step).toBe(20);
      expectNear(metricsOf(again), byNode);
      expect((await readCheckpoint(again, 'latest')).step).toBe(30);
      const path = join(again, 'checkpoints', 'step-000030.safetensors');
      const damaged = readFileSync(path);
      damaged[damaged.length - 9]! ^= 1;
      writeFileSync(path, damaged);
      await expect(trainInTab(page, { steps: 40 }, { data, zip: zipOf(again) })).rejects.toThrow(
        /step-000030\.safetensors is damaged, or another program changed it/,
      );
      expect(complaints).toEqual([]);
    },
  );

  test('on WebGPU, too', async () => {
    const { page } = await openTab();
    const settings: Overrides = {
      ...SHORT,
      ...{ batch: 4, steps: 3 },
      generator: {
        inputs: { z: [4] },
        layers: [
          { type: 'dense', units: 784 },
          { type: 'reshape', shape: [1, 28, 28] },
          { type: 'tanh' },
        ],
      },
      discriminator: {
        inputs: { image: [1, 28, 28] },
        layers: [{ type: 'flatten' }, { type: 'dense', units: 1 }],
      },
    };
    const node = join(folder, 'gpu-node');
    const given = { dataDir: join(folder, 'idx') };
    await trainInNode(node, { ...settings, data: 'idx', ...given }, given);
    const told = await trainInTab(page, settings, { data: 'idx', device: 'webgpu' });
    expect(told.started.description).toMatch(/on WebGPU$/);
    const tab = unzipTo(join(folder, 'gpu-tab'), told.zip);
    expectNear(metricsOf(tab), metricsOf(node));
    expect((await readRun(tab)).device).toBe('webgpu');
  });
});
