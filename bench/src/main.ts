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
import { benchMethods, METHODS } from './methods.ts';
import { plotEngines } from './plot.ts';
import { PRESETS, type Preset } from './presets.ts';
import { formatMachine, formatReport } from './report.ts';
import { benchServing, formatServing } from './serving.ts';
import { benchServingAttacks, formatServingAttacks } from './serving-attacks.ts';
import { benchServingBeside, formatServingBeside } from './serving-beside.ts';
import { benchServingMemory, formatServingMemory } from './serving-memory.ts';
import { benchWebDrawing, DRAWN } from './web-drawing.ts';
import { formatWebDrawing } from './web-drawing-report.ts';
import { benchWebTraining, formatWebTraining } from './web-training.ts';

interface Options {
  threads: number;
  rounds: number;
  /** Of flags that only some benchmarks take. */
  values: ReturnType<typeof parse>['values'];
  onProgress(line: string): void;
}

interface Benchmark {
  about: string;
  /** @returns what measures, reports to stdout and gives what --json keeps. @throws UsageError */
  prepare(options: Options): () => Promise<unknown>;
}

/** @param about one line of the usage */
function benchmark<T>(
  about: string,
  measure: (options: Options) => Promise<T>,
  format: (measured: T) => string,
): Benchmark {
  return {
    about,
    prepare: (options) => async () => {
      const measured = await measure(options);
      process.stdout.write(format(measured));
      return measured;
    },
  };
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  engines: {
    about: 'training steps of the published GANs: every engine on every device, and PyTorch',
    prepare: prepareEngines,
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
    ({ values: { mnist }, onProgress }) => benchAlarm({ mnist, onProgress }),
    formatAlarm,
  ),
  serve: benchmark(
    'the service against what its machine can do, and at four times that',
    benchServing,
    formatServing,
  ),
  'serve-memory': benchmark(
    'what the service weighs while it answers 200,000 requests',
    benchServingMemory,
    formatServingMemory,
  ),
  'serve-attacks': benchmark(
    'how the service bears clients that want too much, or leave',
    benchServingAttacks,
    formatServingAttacks,
  ),
  'serve-peers': benchmark(
    'the service beside FastAPI with onnxruntime and LitServe, of the same file',
    benchServingBeside,
    formatServingBeside,
  ),
  web: {
    about: 'first pictures, pictures a second and training steps in a page, beside others there',
    prepare: prepareWeb,
  },
  methods: {
    about: 'trains what docs/methods.md compares, hours of it; again, it goes on',
    prepare: prepareMethods,
  },
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
  --starts N          times that all contenders are started anew (default: 1)
  --preset mlp|conv   one network instead of both
  --batch N[,N…]      batch sizes (default: 64,128,512)
  --only NAME[,NAME…] only contenders whose name begins so, such as onnxruntime or "PyTorch cpu"
  --software-webgpu   WebGPU also where there is no GPU, on a software renderer
  --beside FOLDER     also the onnxruntime engine of another revision, built in this folder
  --python PROGRAM    a Python that has PyTorch, instead of an environment made here; of methods too
  --plot FILE         also draw a chart, .svg or .png; may be given twice

of web:
  --only drawing|training
  --preset mlp|conv|quick|dcgan
                      one network instead of all; of those, a page trains mlp and conv

of methods:
  --out FOLDER        of the runs and tables.md
  --only NAME[,NAME…] only these of ${METHODS.join(', ')}
  --data-dir FOLDER   MNIST's files, which are downloaded otherwise
  --scale F           times the steps of each run (default: 1); with a larger one, they go on

of alarm:
  --mnist FOLDER      MNIST's files, instead of a download

PyTorch, of serve-peers FastAPI and LitServe are installed into .cache where Python and a package index are there.
`;

class UsageError extends Error {}

/** Runs one command line and returns the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    await bench(args);
    return 0;
  } catch (error) {
    const wrongUsage = error instanceof UsageError;
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(wrongUsage ? `${message}\n\n${USAGE}` : `${message}\n`);
    return wrongUsage ? 2 : 1;
  }
}

async function bench(args: readonly string[]): Promise<void> {
  const { positionals, values } = parse(args);
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const [name = 'none', ...others] = positionals;
  const chosen = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined;
  if (!chosen || others.length > 0) {
    throw new UsageError(`expected one of ${NAMES.join(', ')}; got ${[name, ...others].join(' ')}`);
  }
  const threads = positive('--threads', values.threads ?? `${availableParallelism()}`);
  const rounds = positive('--rounds', values.rounds ?? '7');
  const onProgress = (line: string) => process.stderr.write(`${line}\n`);
  const measure = chosen.prepare({ threads, rounds, values, onProgress });
  expectPlaces(values);
  onProgress('machine: matrix products');
  const machine = await describeMachine([...new Set([1, threads])]);
  process.stdout.write(`\n${formatMachine(machine)}`);
  const results = await measure();
  if (values.json) {
    writeFileSync(values.json, `${JSON.stringify({ machine, threads, results }, null, 2)}\n`);
  }
}

function prepareEngines({ values, threads, rounds, onProgress }: Options) {
  const { beside, python, plot = [], 'software-webgpu': softwareWebgpu } = values;
  const options = {
    entries: choose(entries({ softwareWebgpu, beside, python }), values.only),
    presets: presetsOf(Object.keys(PRESETS) as Preset[], values.preset),
    batches: (values.batch ?? '64,128,512').split(',').map((n) => positive('--batch', n)),
    ...{ threads, rounds, onProgress },
    starts: positive('--starts', values.starts ?? '1'),
  };
  return async () => {
    const measured = await benchEngines(options);
    process.stdout.write(formatReport(measured));
    const machine = `${cpus()[0]?.model.trim()}, ${threads} threads, Node ${process.version}`;
    for (const file of plot) {
      const svg = plotEngines(measured, machine);
      if (extname(file) === '.svg') writeFileSync(file, svg);
      else await sharp(Buffer.from(svg), { density: 144 }).png().toFile(file);
    }
    return measured;
  };
}

function prepareWeb({ values: { only, preset }, rounds, onProgress }: Options) {
  if (only !== undefined && only !== 'drawing' && only !== 'training') {
    throw new UsageError(`--only takes drawing or training; got "${only}"`);
  }
  const presets = presetsOf(DRAWN, preset);
  return async () => {
    const drawing =
      only === 'training' ? [] : await benchWebDrawing({ presets, rounds, onProgress });
    if (only !== 'training') process.stdout.write(formatWebDrawing(drawing));
    const training =
      only === 'drawing' ? [] : await benchWebTraining({ presets, rounds, onProgress });
    if (only !== 'drawing') process.stdout.write(formatWebTraining(training));
    return { drawing, training };
  };
}

function prepareMethods({ values, threads, onProgress }: Options) {
  const only = values.only?.split(',') ?? METHODS;
  for (const name of only) {
    if (!METHODS.includes(name)) {
      throw new UsageError(`--only takes ${METHODS.join(', ')}; got "${name}"`);
    }
  }
  const { out, python, 'data-dir': dataDir } = values;
  if (out === undefined) throw new UsageError('methods: expected --out FOLDER');
  const scale = Number(values.scale ?? '1');
  if (!(scale > 0 && scale <= 100)) {
    throw new UsageError(`--scale is a number above 0, to 100; got "${values.scale}"`);
  }
  return async () => {
    const options = { out, only, dataDir, scale, threads, python, onProgress };
    process.stdout.write(await benchMethods(options));
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    ...{
      preset: text,
      batch: text,
      only: text,
      threads: text,
      rounds: text,
      starts: text,
      json: text,
    },
    ...{ beside: text, python: text, mnist: text, out: text, scale: text, 'data-dir': text },
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

function presetsOf<Name extends string>(known: readonly Name[], name?: string): readonly Name[] {
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
