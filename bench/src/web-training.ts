/**
 * `bench web`, training: steps of the published GANs in a worker of a page, by ganport, TensorFlow.js and jax-js, on WebAssembly
 * with one thread each; and in a page that is cross-origin isolated, where each has all of the machine's. Times are the clock's
 * and the processor's: a machine may be busy with others.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
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
interface Case {
  readonly preset: Preset;
  readonly batch: number;
  readonly threads: number;
}

const CASES: readonly Omit<Case, 'threads'>[] = [
  { preset: 'mlp', batch: 128 },
  { preset: 'conv', batch: 64 },
];

/** Makes a page cross-origin isolated: without it, WebAssembly has one thread. */
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** For the first step, in which some compile their kernels. */
const FIRST_STEP_MS = 60_000;

export interface WebTrainingOptions {
  /** Of those that a page trains, the ones to take. */
  readonly presets: readonly string[];
  readonly rounds: number;
  readonly onProgress: (line: string) => void;
}

export interface WebTrained extends Case {
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
    const results: WebTrained[] = [];
    for (const threads of new Set([1, availableParallelism()])) {
      const server = await preview({
        ...{ configFile: false, logLevel: 'error', build: out },
        preview: { host: '127.0.0.1', port: 0, headers: threads > 1 ? ISOLATED : {} },
      });
      const browser = await launchChromium();
      try {
        const address = server.resolvedUrls!.local[0]!;
        for (const each of CASES.filter(({ preset }) => options.presets.includes(preset))) {
          results.push(...(await race(browser, address, { ...each, threads }, options)));
        }
      } finally {
        await browser.close();
        await server.close();
      }
    }
    return results;
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
  { preset, batch, threads }: Case,
  { rounds, onProgress }: WebTrainingOptions,
): Promise<WebTrained[]> {
  const session = await browser.newBrowserCDPSession();
  const runners: WebRunner[] = [];
  try {
    for (const library of LIBRARIES) {
      onProgress(`${preset}, threads: ${threads}: ${library}`);
      runners.push(await openRunner(browser, session, address, { library, preset, batch }));
    }
    const able = runners.filter(({ failure }) => failure === undefined);
    const times = await interleave(able, rounds, (runner, error) => {
      runner.failure = lineOf(error);
    });
    return runners.map((runner) => {
      const { library, description, failure, cpu } = runner;
      const what = { preset, batch, threads, library };
      if (failure !== undefined) return { ...what, failure };
      // Those of the warm-up came first.
      const each = cpu.slice(-rounds).map(([seconds, steps]) => seconds / steps);
      const seconds = summarize(times[able.indexOf(runner)]!);
      return { ...what, description, seconds, cpu: summarize(each) };
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

/** "×" tells how many times ganport's a step takes. */
export function formatWebTraining(results: readonly WebTrained[]): string {
  const ms = (seconds: number) => (1000 * seconds).toPrecision(3);
  const rows = results.map((one) => {
    const { preset, batch, threads, library, failure, seconds, cpu } = one;
    const what = [preset, String(batch), String(threads), library];
    if (!seconds || !cpu) return [...what, `– (${failure})`, '', '', ''];
    const own = results.find(
      (other) =>
        other.library === 'ganport' && other.preset === preset && other.threads === threads,
    );
    const times = (theirs: Summary, ours: Summary | undefined) =>
      ours ? `${(theirs.median / ours.median).toPrecision(3)}×` : '';
    const { median, min, max } = seconds;
    return [
      ...what,
      `${(1 / median).toPrecision(3)} (${ms(median)} ms, ${ms(min)}–${ms(max)})`,
      times(seconds, own?.seconds),
      ms(cpu.median),
      times(cpu, own?.cpu),
    ];
  });
  const head = ['network', 'batch', 'threads', 'library', 'steps/s', '', 'CPU ms a step', ''];
  const lines = ['Training in a worker of a page, WebAssembly', ...formatTable([head, ...rows])];
  return `\n${lines.join('\n')}\n`;
}
