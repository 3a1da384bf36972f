/**
 * `bench web`, drawing: the first picture of a page that nobody has visited, of its second visit, and pictures a second, by
 * ganport on each of its runtimes and by TensorFlow.js, of the same weights in the same browser.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { latentBatch } from '@ganport/model';
import { loadGenerator } from '@ganport/sample/node';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { launchChromium, lineOf, startCpu } from './chromium.ts';
import { type CountingServer, type Kind, serveCounted } from './counting-server.ts';
import { interleave, type Runner, type Summary, summarize } from './interleave.ts';
import { trainOneStep } from './one-step-generator.ts';
import { tfjsNetwork } from './tfjs-network.ts';
import type { DrawingPage } from './web-page.ts';

const WEB = fileURLToPath(new URL('../web/', import.meta.url));

export const DRAWN = ['mlp', 'conv', 'quick', 'dcgan'] as const;
type Drawn = (typeof DRAWN)[number];

/** Pictures of a request: of those that take WebGPU in software seconds, fewer. */
export const REQUEST: Readonly<Record<Drawn, number>> = { mlp: 64, conv: 8, quick: 64, dcgan: 64 };

interface Contender {
  name: string;
  /** What it is compared with. */
  peer?: string;
  /** Its page's file and query. */
  page: string;
}

const CONTENDERS: readonly Contender[] = [
  { name: 'ganport, small', peer: 'TensorFlow.js, wasm', page: 'ganport.html?device=javascript' },
  { name: 'ganport, wasm', peer: 'TensorFlow.js, wasm', page: 'ganport.html?device=wasm' },
  {
    name: 'ganport, wasm, 2 threads',
    peer: 'TensorFlow.js, wasm, 2 threads',
    page: 'ganport.html?device=wasm&threads=2',
  },
  { name: 'ganport, webgpu', peer: 'TensorFlow.js, webgpu', page: 'ganport.html?device=webgpu' },
  { name: 'TensorFlow.js, wasm', page: 'tfjs-wasm.html?' },
  { name: 'TensorFlow.js, wasm, 2 threads', page: 'tfjs-wasm.html?threads=2' },
  { name: 'TensorFlow.js, webgpu', page: 'tfjs-webgpu.html?' },
];

/** Of the processor: what a page computes, and a software renderer of WebGPU for it. */
const COMPUTES = ['renderer', 'GPU'];
/** Levels of 255 by which pictures may differ from those that onnxruntime draws in Node. */
const TOLERANCE = 1;
const COMPARED = 8;
const LATE_MS = 60_000;
const SETTLE_MS = 300;

export interface WebDrawingOptions {
  presets: readonly Drawn[];
  rounds: number;
  onProgress: (line: string) => void;
}

export interface FirstPicture {
  /** From the navigation. */
  seconds: Summary;
  cpu: Summary;
  /** As they were sent. */
  bytes: Record<Kind, number>;
}

export interface WebDrawn {
  preset: Drawn;
  contender: string;
  peer?: string;
  /** Of one that does not draw it, why. */
  failure?: string;
  description?: string;
  /** Of a browser that was never there, and of the second visit. */
  cold?: FirstPicture;
  warm?: FirstPicture;
  /** Of a picture, in requests for many. */
  seconds?: Summary;
  cpu?: Summary;
}

/** Contenders take turns, since a machine's speed drifts. */
export async function benchWebDrawing(options: WebDrawingOptions): Promise<WebDrawn[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ganport-bench-drawing-'));
  try {
    options.onProgress('bundling the pages');
    await bundle(folder);
    const server = await serveCounted(folder);
    // Where there is no GPU, WebGPU is rendered by SwiftShader.
    const browser = await launchChromium(['--enable-unsafe-webgpu']);
    try {
      const results: WebDrawn[] = [];
      for (const preset of options.presets) {
        options.onProgress(`${preset}: a generator of one step`);
        const latents = await addModel(folder, preset);
        const at = { browser, server, preset, latents };
        results.push(...(await compare(at, options)));
      }
      return results;
    } finally {
      await browser.close();
      await server.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function bundle(outDir: string): Promise<void> {
  // Here, since other benchmarks run where it is not installed: see bench/gpu/pack.mjs.
  const { build } = await import('vite');
  const root = join(WEB, 'drawing');
  const pages = ['ganport', 'tfjs-wasm', 'tfjs-webgpu'].map((name) => join(root, `${name}.html`));
  await build({
    ...{ configFile: join(WEB, 'vite.config.ts'), root, logLevel: 'error' },
    build: { outDir, emptyOutDir: true, rolldownOptions: { input: pages } },
  });
}

interface Expected {
  latents: readonly number[];
  levels: Uint8Array;
}

/** Writes a preset's files. @returns what onnxruntime draws of it in Node */
async function addModel(folder: string, preset: Drawn): Promise<Expected> {
  const model = await trainOneStep(preset);
  const file = join(folder, `${preset}.onnx`);
  const { network, weights } = tfjsNetwork(model);
  await writeFile(file, model);
  await writeFile(join(folder, `${preset}.json`), JSON.stringify(network));
  await writeFile(join(folder, `${preset}.bin`), new Uint8Array(weights.buffer));
  const { sampler } = await loadGenerator(file, { device: 'cpu' });
  try {
    const latents = latentBatch(42, 0, COMPARED, network.latent);
    const { data } = await sampler.draw({ latents });
    return { latents: Array.from(latents), levels: data };
  } finally {
    await sampler.close();
  }
}

interface Place {
  browser: Browser;
  server: CountingServer;
  preset: Drawn;
  latents: Expected;
}

interface DrawingRunner extends Runner {
  contender: Contender;
  description: string;
  /** Of the processor, of each run, and its pictures. */
  cpu: [seconds: number, pictures: number][];
  visits: Record<'cold' | 'warm', { ms: number; cpu: number; bytes: Record<Kind, number> }[]>;
  failure?: string;
  close(): Promise<void>;
}

async function compare(
  place: Place,
  { rounds, onProgress }: WebDrawingOptions,
): Promise<WebDrawn[]> {
  const session = await place.browser.newBrowserCDPSession();
  const runners: DrawingRunner[] = [];
  try {
    for (const contender of CONTENDERS) {
      onProgress(`${place.preset}: ${contender.name}`);
      runners.push(await openRunner(place, session, contender));
    }
    const able = runners.filter(({ failure }) => failure === undefined);
    onProgress(`${place.preset}: first pictures`);
    for (let round = 0; round < rounds; round += 1) {
      for (const runner of able) await visitTwice(place, session, runner);
    }
    onProgress(`${place.preset}: pictures a second`);
    const times = await interleave(able, rounds, (runner, error) => {
      runner.failure = lineOf(error);
    });
    return runners.map((runner) => {
      const { contender, description, failure, cpu, visits } = runner;
      const { name, peer } = contender;
      const what = { preset: place.preset, contender: name, ...(peer && { peer }) };
      if (failure !== undefined) return { ...what, failure };
      return {
        ...{ ...what, description },
        ...{ cold: firstOf(visits.cold), warm: firstOf(visits.warm) },
        seconds: summarize(times[able.indexOf(runner)]!),
        // Those of the warm-up came first.
        cpu: summarize(cpu.slice(-rounds).map(([seconds, pictures]) => seconds / pictures)),
      };
    });
  } finally {
    for (const { close } of runners) await close();
    await session.detach();
  }
}

function firstOf(visits: DrawingRunner['visits']['cold']): FirstPicture {
  return {
    seconds: summarize(visits.map(({ ms }) => ms / 1000)),
    cpu: summarize(visits.map(({ cpu }) => cpu)),
    bytes: visits[0]!.bytes,
  };
}

function addressOf({ server, preset }: Place, { page }: Contender): string {
  return `${server.url}${page}&preset=${preset}`;
}

function first(page: Page): Promise<{ ms: number; description: string }> {
  const drawn = page.evaluate(() => (globalThis as unknown as DrawingPage).first());
  return beforeLate(drawn, 'no picture');
}

/** What never comes does so after a minute. */
async function beforeLate<T>(coming: Promise<T>, what: string): Promise<T> {
  // What is closed under it rejects.
  coming.catch(() => undefined);
  const late = setTimeout(LATE_MS, undefined, { ref: false });
  const got = await Promise.race([coming.then((value) => ({ value })), late]);
  if (!got) throw new Error(`${what} within ${LATE_MS / 1000} s`);
  return got.value;
}

/** Opens a page that stays, once its pictures were found to be the same. */
async function openRunner(
  place: Place,
  session: CDPSession,
  contender: Contender,
): Promise<DrawingRunner> {
  const context = await place.browser.newContext();
  const page = await context.newPage();
  const request = REQUEST[place.preset];
  const runner: DrawingRunner = {
    ...{ contender, description: '', cpu: [], visits: { cold: [], warm: [] } },
    // Whole requests alone: for one picture, what a request itself takes would be all that is measured.
    stepsPerRun: request,
    async run(pictures) {
      const cpu = await startCpu(session, COMPUTES);
      const ms = await page.evaluate(
        ([count, each]) => (globalThis as unknown as DrawingPage).run(count, each),
        [pictures, request] as const,
      );
      runner.cpu.push([await cpu(), pictures]);
      return ms / 1000;
    },
    close: () => context.close(),
  };
  try {
    await page.goto(addressOf(place, contender));
    runner.description = (await first(page)).description;
    const got = await page.evaluate(
      ([latents, count]) => (globalThis as unknown as DrawingPage).of(latents, count),
      [place.latents.latents, COMPARED] as const,
    );
    const { levels } = place.latents;
    const off = got.reduce((most, level, i) => Math.max(most, Math.abs(level - levels[i]!)), 0);
    if (got.length !== levels.length || off > TOLERANCE) {
      throw new Error(`its pictures are up to ${off} levels off: expected at most ${TOLERANCE}`);
    }
  } catch (error) {
    runner.failure = lineOf(error);
  }
  return runner;
}

/** In a context of its own, which has nothing in its cache; then once more, in another page. */
async function visitTwice(
  place: Place,
  session: CDPSession,
  { contender, visits }: DrawingRunner,
): Promise<void> {
  const context = await place.browser.newContext();
  try {
    for (const visit of ['cold', 'warm'] as const) {
      const page = await context.newPage();
      // Until its process has started.
      await setTimeout(SETTLE_MS);
      place.server.take();
      const cpu = await startCpu(session, COMPUTES);
      await page.goto(addressOf(place, contender));
      const { ms } = await first(page);
      visits[visit].push({ ms, cpu: await cpu(), bytes: place.server.take() });
    }
  } finally {
    await context.close();
  }
}
