/**
 * `bench web`, training: steps of the published GANs in a worker of a page, by ganport, TensorFlow.js and jax-js, on WebAssembly
 * with one thread each. Times are the clock's and the processor's: a machine may be busy with others.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, CDPSession } from 'playwright-core';
import { launchChromium, lineOf, startCpu } from './chromium.ts';
import { interleave, type Runner, type Summary, summarize } from './interleave.ts';
import type { Preset } from './presets.ts';
import { formatTable } from './report.ts';
import type { BenchPage, Library } from './web-page.ts';

const WEB = fileURLToPath(new URL('../web/', import.meta.url));
/** One page computes at a time. */
const COMPUTES = ['renderer'];

const LIBRARIES: readonly Library[] = ['ganport', 'tfjs', 'jax-js'];
const CASES: readonly { preset: Preset; batch: number }[] = [
  { preset: 'mlp', batch: 128 },
  { preset: 'conv', batch: 64 },
];

/** For the first step, in which some compile their kernels. */
const FIRST_STEP_MS = 60_000;

export interface WebTrainingOptions {
  readonly rounds: number;
  readonly onProgress: (line: string) => void;
}

export interface WebTrained {
  readonly preset: Preset;
  readonly batch: number;
  readonly library: Library;
  /** Of a library that does not train it, why. */
  readonly failure?: string;
  readonly description?: string;
  /** Seconds of a step. */
  readonly seconds?: Summary;
  /** And of the processor. */
  readonly cpu?: Summary;
}

/** The libraries take turns, since a machine's speed drifts. */
export async function benchWebTraining(options: WebTrainingOptions): Promise<WebTrained[]> {
  // Here, since other benchmarks run where it is not installed: see bench/gpu/pack.mjs.
  const { build, preview } = await import('vite');
  const folder = await mkdtemp(join(tmpdir(), 'ganport-bench-web-'));
  try {
    options.onProgress('bundling the page');
    const configFile = join(WEB, 'vite.config.ts');
    const out = { outDir: folder, emptyOutDir: true };
    await build({ configFile, root: WEB, logLevel: 'error', build: out });
    const server = await preview({
      ...{ configFile: false, logLevel: 'error', build: out },
      preview: { host: '127.0.0.1', port: 0 },
    });
    const browser = await launchChromium();
    try {
      const results: WebTrained[] = [];
      const address = server.resolvedUrls!.local[0]!;
      for (const each of CASES) results.push(...(await race(browser, address, each, options)));
      return results;
    } finally {
      await browser.close();
      await server.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface WebRunner extends Runner {
  readonly library: Library;
  description: string;
  /** Of the processor, of each run, and its steps. */
  readonly cpu: [seconds: number, steps: number][];
  failure?: string;
  close(): Promise<void>;
}

async function race(
  browser: Browser,
  address: string,
  { preset, batch }: { preset: Preset; batch: number },
  { rounds, onProgress }: WebTrainingOptions,
): Promise<WebTrained[]> {
  const session = await browser.newBrowserCDPSession();
  const runners: WebRunner[] = [];
  try {
    for (const library of LIBRARIES) {
      onProgress(`${preset}: ${library}`);
      runners.push(await openRunner(browser, session, address, { library, preset, batch }));
    }
    const able = runners.filter(({ failure }) => failure === undefined);
    const times = await interleave(able, rounds, (runner, error) => {
      runner.failure = lineOf(error);
    });
    return runners.map((runner) => {
      const { library, description, failure, cpu } = runner;
      if (failure !== undefined) return { preset, batch, library, failure };
      // Those of the warm-up came first.
      const each = cpu.slice(-rounds).map(([seconds, steps]) => seconds / steps);
      const seconds = summarize(times[able.indexOf(runner)]!);
      return { preset, batch, library, description, seconds, cpu: summarize(each) };
    });
  } finally {
    for (const { close } of runners) await close();
    await session.detach();
  }
}

async function openRunner(
  browser: Browser,
  session: CDPSession,
  address: string,
  { library, preset, batch }: { library: Library; preset: Preset; batch: number },
): Promise<WebRunner> {
  const page = await browser.newPage();
  await page.goto(address);
  const runner: WebRunner = {
    ...{ library, description: '', cpu: [] },
    async run(steps) {
      const cpu = await startCpu(session, COMPUTES);
      const { ms } = await page.evaluate(
        (count) => (globalThis as unknown as BenchPage).run(count),
        steps,
      );
      runner.cpu.push([await cpu(), steps]);
      return ms / 1000;
    },
    close: () => page.close(),
  };
  try {
    const ready = page.evaluate(
      async ([which, network, images]) => {
        const bench = globalThis as unknown as BenchPage;
        const description = await bench.create(which, network, images);
        return { description, ...(await bench.run(1)) };
      },
      [library, preset, batch] as const,
    );
    const late = setTimeout(FIRST_STEP_MS, undefined, { ref: false });
    const first = await Promise.race([ready, late]);
    // What is closed under it rejects.
    ready.catch(() => undefined);
    if (!first) throw new Error(`no step within ${FIRST_STEP_MS / 1000} s`);
    if (!(first.dLoss > 0 && first.gLoss > 0)) {
      throw new Error(`losses of ${first.dLoss} and ${first.gLoss}`);
    }
    runner.description = first.description;
  } catch (error) {
    runner.failure = lineOf(error);
    await page.close();
  }
  return runner;
}

export function formatWebTraining(results: readonly WebTrained[]): string {
  const ms = ({ median, min, max }: Summary) =>
    [median, min, max].map((seconds) => (1000 * seconds).toPrecision(3)) as [
      string,
      string,
      string,
    ];
  const rows = results.map(({ preset, batch, library, failure, seconds, cpu }) => {
    const what = [preset, String(batch), library];
    if (!seconds || !cpu) return [...what, `– (${failure})`, '', ''];
    const [median, min, max] = ms(seconds);
    const own = results.find((other) => other.preset === preset && other.library === 'ganport');
    const times = own?.cpu ? `${(cpu.median / own.cpu.median).toFixed(1)}×` : '';
    const rate = (1 / seconds.median).toPrecision(3);
    return [...what, `${rate} (${median} ms, ${min}–${max})`, ms(cpu)[0], times];
  });
  const head = ['network', 'batch', 'library', 'steps/s', 'CPU ms a step', 'CPU of ganport'];
  const lines = [
    'Training in a worker of a page, WebAssembly, one thread',
    ...formatTable([head, ...rows]),
  ];
  return `\n${lines.join('\n')}\n`;
}
