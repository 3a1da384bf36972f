/** `pnpm bench methods`: trains what docs/methods.md compares, and writes its tables from what there is. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { groupRuns, groupTable, planSweep, readResults } from '@ganport/train';
import { prepareData } from './methods/data.ts';
import { PYTORCH, pyTorchRecords, trainByPyTorch } from './methods/pytorch.ts';
import { type MethodsSweep, SWEEPS } from './methods/sweeps.ts';
import { expectPyTorch, preparePyTorch } from './pytorch.ts';

const CLI = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

export interface MethodsOptions {
  /** Folder of the runs and tables; it goes on with those that are there. */
  out: string;
  /** Names of sweeps, and `pytorch`. */
  only: readonly string[];
  /** Of MNIST's files; without it they are downloaded. */
  dataDir: string | undefined;
  /** Times the steps of each run: with a larger one, runs go on. */
  scale: number;
  threads: number;
  /** One that has PyTorch; an environment is made otherwise. */
  python: string | undefined;
  onProgress: (line: string) => void;
}

/** What `only` may have. */
export const METHODS: readonly string[] = [...Object.keys(SWEEPS), PYTORCH];

/** @returns the tables; a signal ends it after what is under way is saved */
export async function benchMethods(options: MethodsOptions): Promise<string> {
  const { out, only } = options;
  mkdirSync(out, { recursive: true });
  for (const name of only) {
    const ended = name === PYTORCH ? await runPyTorch(options) : await runSweep(name, options);
    writeFileSync(join(out, 'tables.md'), await tables(out));
    if (ended) break;
  }
  return tables(out);
}

async function runSweep(name: string, options: MethodsOptions): Promise<boolean> {
  const { out, threads } = options;
  const file = join(out, `${name}.json`);
  const sweep = await sweepFile(SWEEPS[name]!, options);
  writeFileSync(file, `${JSON.stringify(sweep, null, 2)}\n`);
  const args = ['sweep', file, '--out', join(out, name), '--threads', String(threads)];
  return runCommand(args);
}

/** Where there is no PyTorch, its rows are left out. */
async function runPyTorch({ python: given, ...options }: MethodsOptions): Promise<boolean> {
  const { onProgress } = options;
  const python = await (given ? expectPyTorch(given) : preparePyTorch(onProgress)).catch(
    ({ message }: Error) => onProgress(`PyTorch: left out: ${message}`),
  );
  const ganport = async (args: readonly string[]) =>
    (await promisify(execFile)(process.execPath, [CLI, ...args])).stdout;
  if (python) await trainByPyTorch({ ...options, python, ganport });
  return false;
}

async function sweepFile(
  { data, base, vary, scored }: MethodsSweep,
  { out, dataDir, scale }: MethodsOptions,
): Promise<unknown> {
  const digits = dataDir === undefined ? undefined : resolve(dataDir);
  const prepared = await prepareData(data, resolve(out, 'data'), digits);
  const { count, features } = prepared;
  const scaled = (steps: number) => Math.max(1, Math.round(steps * scale));
  return {
    base: { ...prepared.base, ...base, steps: scaled(base.steps) },
    vary: mapSteps(vary, scaled),
    eval: { count: scored ?? count, ...(features !== undefined && { features }) },
  };
}

/** Named settings may have steps of their own, so that all take as long. */
function mapSteps(vary: MethodsSweep['vary'], scaled: (steps: number) => number): unknown {
  const entries = Object.entries(vary).map(([axis, values]) => {
    if (Array.isArray(values)) return [axis, values];
    const named = Object.entries(values as Named).map(([name, { steps, ...rest }]) => [
      name,
      { ...rest, ...(steps !== undefined && { steps: scaled(steps) }) },
    ]);
    return [axis, Object.fromEntries(named)];
  });
  return Object.fromEntries(entries);
}

type Named = Record<string, { steps?: number }>;

/** @returns whether a signal has ended it; a sweep of which all runs fail ends nothing */
function runCommand(args: readonly string[]): Promise<boolean> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    // The terminal sends it to both; this one waits for what the other saves.
    const wait = () => {};
    process.on('SIGINT', wait);
    child.once('error', fail);
    child.once('close', (code, signal) => {
      process.off('SIGINT', wait);
      if (code === 2) fail(new Error(`ganport ${args.join(' ')}: wrong usage`));
      else done(signal !== null || (code ?? 0) > 128);
    });
  });
}

/** Of every sweep, also of those that have not begun. */
async function tables(out: string): Promise<string> {
  const parts = Object.entries(SWEEPS).map(async ([name, { title, columns, base, vary }]) => {
    const { runs } = planSweep({ base, vary }, name, out);
    const folder = join(out, name);
    const swept = existsSync(folder) ? [...(await readResults(folder)).values()] : [];
    const others = pyTorchRecords(out, name);
    const groups = groupRuns([...runs, ...others], [...swept, ...others]);
    return `### ${title}\n\n${groupTable(groups, columns)}\n`;
  });
  return (await Promise.all(parts)).join('\n');
}
