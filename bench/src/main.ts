#!/usr/bin/env node
/** `pnpm bench NAME`: benchmarks against peers. The report goes to stdout, progress to stderr. */
import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname, extname } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { benchAlarm, formatAlarm } from './alarm/alarm.ts';
import { type Entry, entries } from './contenders.ts';
import { benchConvGradients, formatForms } from './conv-gradients.ts';
import { benchData, formatData } from './data.ts';
import { benchEngines } from './engines.ts';
import { benchEventLoop, formatEventLoop } from './event-loop.ts';
import { describeMachine } from './machine.ts';
import { plotEngines } from './plot.ts';
import { PRESETS, type Preset } from './presets.ts';
import { formatMachine, formatReport } from './report.ts';
import { benchServing, formatServing } from './serving.ts';

/** What flags say; a benchmark takes what it knows of them. */
interface Options {
  threads: number;
  rounds: number;
  entries: readonly Entry[];
  presets: Preset[];
  batches: number[];
  plot: readonly string[];
  mnist: string | undefined;
  onProgress(line: string): void;
}

interface Benchmark {
  about: string;
  /** Measures, and reports to stdout. @returns what --json keeps */
  run(options: Options): Promise<unknown>;
}

/** @param about one line of the usage */
function benchmark<T>(
  about: string,
  measure: (options: Options) => Promise<T>,
  format: (measured: T) => string,
): Benchmark {
  return {
    about,
    async run(options) {
      const measured = await measure(options);
      process.stdout.write(format(measured));
      return measured;
    },
  };
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  engines: {
    about: 'training steps of the published GANs: every engine on every device, and PyTorch',
    run: runEngines,
  },
  'conv-gradients': benchmark(
    'equal forms of the gradients in the convolutional GAN, against each other',
    benchConvGradients,
    formatForms,
  ),
  'event-loop': benchmark(
    'how long the event loop stands still while pictures are drawn, and while training',
    benchEventLoop,
    formatEventLoop,
  ),
  data: benchmark(
    'whether steps wait for images: of a folder of 5,000 PNG files, and of memory',
    benchData,
    formatData,
  ),
  alarm: benchmark(
    'which of sixty labelled runs, healthy and broken on purpose, the alarm tells of',
    benchAlarm,
    formatAlarm,
  ),
  serve: benchmark(
    'the service against what its machine can do, and at four times that',
    benchServing,
    formatServing,
  ),
};

const NAMES = Object.keys(BENCHMARKS);

const USAGE = `usage: pnpm bench ${NAMES.join('|')} [options]

${Object.entries(BENCHMARKS)
  .map(([name, { about }]) => `  ${name.padEnd(16)}${about}`)
  .join('\n')}

  --threads N         threads of each contender (default: this machine's ${availableParallelism()})
  --rounds N          rounds in which the contenders take turns (default: 7)
  --json FILE         also write everything measured to a file

of engines:
  --preset mlp|conv   one network instead of both
  --batch N[,N…]      batch sizes (default: 64,128,512)
  --only NAME[,NAME…] only contenders whose name begins so, such as onnxruntime or "PyTorch cpu"
  --software-webgpu   WebGPU also where there is no GPU, on a software renderer
  --beside FOLDER     also the onnxruntime engine of another revision, built in this folder
  --python PROGRAM    a Python that has PyTorch, instead of an environment made here
  --plot FILE         also draw a chart, .svg or .png; may be given twice

of alarm:
  --mnist FOLDER      MNIST's files, instead of a download

PyTorch is installed into .cache/pytorch where Python and a package index are there.
`;

class UsageError extends Error {}

async function main(args: readonly string[]): Promise<void> {
  const { positionals, values } = parse(args);
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const [name = 'none', ...others] = positionals;
  const chosen = BENCHMARKS[name];
  if (!chosen || others.length > 0) {
    throw new UsageError(`expected one of ${NAMES.join(', ')}; got ${[name, ...others].join(' ')}`);
  }
  const { beside, python, mnist, plot = [], 'software-webgpu': softwareWebgpu } = values;
  const threads = positive('--threads', values.threads ?? `${availableParallelism()}`);
  const options: Options = {
    threads,
    rounds: positive('--rounds', values.rounds ?? '7'),
    entries: choose(entries({ softwareWebgpu, beside, python }), values.only),
    presets: presetsOf(values.preset),
    batches: (values.batch ?? '64,128,512').split(',').map((n) => positive('--batch', n)),
    ...{ plot, mnist },
    onProgress: (line) => process.stderr.write(`${line}\n`),
  };
  expectPlaces(values);
  options.onProgress('machine: matrix products');
  const machine = await describeMachine([...new Set([1, threads])]);
  process.stdout.write(`\n${formatMachine(machine)}`);
  const results = await chosen.run(options);
  if (values.json) {
    writeFileSync(values.json, `${JSON.stringify({ machine, threads, results }, null, 2)}\n`);
  }
}

async function runEngines({ plot, ...options }: Options): Promise<unknown> {
  const measured = await benchEngines(options);
  process.stdout.write(formatReport(measured));
  const machine = `${cpus()[0]?.model.trim()}, ${options.threads} threads, Node ${process.version}`;
  for (const file of plot) {
    const svg = plotEngines(measured, machine);
    if (extname(file) === '.svg') writeFileSync(file, svg);
    else await sharp(Buffer.from(svg), { density: 144 }).png().toFile(file);
  }
  return measured;
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    ...{ preset: text, batch: text, only: text, threads: text, rounds: text, json: text },
    ...{ beside: text, python: text, mnist: text },
    'software-webgpu': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
    plot: { type: 'string', multiple: true },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function presetsOf(name: string | undefined): Preset[] {
  const known = Object.keys(PRESETS) as Preset[];
  if (name === undefined) return known;
  const found = known.find((preset) => preset === name);
  if (!found) throw new UsageError(`--preset is one of ${known.join(', ')}; got "${name}"`);
  return [found];
}

function choose(all: readonly Entry[], only: string | undefined): readonly Entry[] {
  if (only === undefined) return all;
  const wanted = only.split(',');
  for (const prefix of wanted) {
    if (!all.some(({ name }) => name.startsWith(prefix))) {
      const names = all.map(({ name }) => name).join(', ');
      throw new UsageError(`--only takes beginnings of ${names}; got "${prefix}"`);
    }
  }
  return all.filter(({ name }) => wanted.some((prefix) => name.startsWith(prefix)));
}

/** What cannot be written is said before minutes of measuring. */
function expectPlaces({ json, plot = [] }: { json?: string; plot?: string[] }): void {
  for (const file of plot) {
    if (!['.svg', '.png'].includes(extname(file))) {
      throw new UsageError(`--plot is a file that ends in .svg or .png; got "${file}"`);
    }
  }
  for (const file of [...plot, ...(json ? [json] : [])]) {
    if (!existsSync(dirname(file))) throw new UsageError(`${file}: its folder does not exist`);
  }
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new UsageError(`${flag} is a whole number from 1; got "${text}"`);
  }
  return value;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const wrongUsage = error instanceof UsageError;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(wrongUsage ? `${message}\n\n${USAGE}` : `${message}\n`);
  process.exitCode = wrongUsage ? 2 : 1;
}
