/** The seed's networks trained by PyTorch on the same images, for as many steps, and compared by the same command. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writeFileAtomic } from '@ganport/model/node';
import { coveredModes, loadDataset, type Measures, resolveConfig } from '@ganport/train';
import { SWEEPS } from './sweeps.ts';

const PROGRAM = fileURLToPath(new URL('../../pytorch/pictures.py', import.meta.url));

export const PYTORCH = 'pytorch';
/** What its row is called, beside those of the sweep `improved-PRESET`. */
const ROW = 'as published, by PyTorch';

const PRESETS = ['mlp', 'conv'] as const;
const SEEDS = [0, 1];
/** Pictures that are scored, as many as of a sweep's runs. */
const DRAWN = 5000;

interface PyTorchOptions {
  out: string;
  /** A Python that imports torch. */
  python: string;
  dataDir: string | undefined;
  scale: number;
  threads: number;
  /** Runs `ganport` and gives what it prints. */
  ganport: (args: readonly string[]) => Promise<string>;
  onProgress: (line: string) => void;
}

/** As of a run of a sweep. */
interface PyTorchRecord {
  name: string;
  settings: Record<string, string>;
  digest: string;
  step: number;
  status: 'done';
  msPerStep: number;
  scores: Record<string, number>;
}

/** Those that are there already are left alone. */
export async function trainByPyTorch(options: PyTorchOptions): Promise<void> {
  const { out, dataDir, scale, onProgress } = options;
  const folder = join(out, PYTORCH);
  mkdirSync(folder, { recursive: true });
  const images = join(folder, 'images');
  await writeImages(images, dataDir);
  const tasks = SEEDS.flatMap((seed) => PRESETS.map((preset) => ({ preset, seed })));
  for (const { preset, seed } of tasks) {
    const steps = Math.max(1, Math.round(SWEEPS[`improved-${preset}`]!.base.steps * scale));
    const name = nameOf(preset, seed);
    const recorded = join(folder, `${name}.json`);
    if (existsSync(recorded) && readRecord(recorded).step >= steps) continue;
    onProgress(`PyTorch: ${name}, ${steps} steps`);
    const pictures = join(folder, `${name}.npy`);
    const seconds = await draw({ preset, seed, steps, images, out: pictures }, options);
    const record: PyTorchRecord = {
      ...{ name, settings: { with: ROW, seed: String(seed) }, digest: '', step: steps },
      ...{ status: 'done', msPerStep: (1000 * seconds) / steps },
      scores: await score(pictures, options),
    };
    await writeFileAtomic(recorded, `${JSON.stringify(record, null, 2)}\n`);
  }
}

/** Bytes [N, 28, 28], and nothing else. */
async function writeImages(path: string, dataDir: string | undefined): Promise<void> {
  const dataset = await loadDataset({ source: 'mnist', dataDir });
  try {
    const all = Uint32Array.from({ length: dataset.count }, (_, i) => i);
    await writeFileAtomic(path, await dataset.read(all));
  } finally {
    await dataset.close?.();
  }
}

interface Task {
  preset: (typeof PRESETS)[number];
  seed: number;
  steps: number;
  images: string;
  out: string;
}

/** Trains, and writes the pictures. @returns the seconds of training */
async function draw(task: Task, { python, threads }: PyTorchOptions): Promise<number> {
  const { batch } = resolveConfig([['the benchmark', { preset: task.preset }]]);
  const running = promisify(execFile)(python, [PROGRAM]);
  running.child.stdin!.end(JSON.stringify({ ...task, batch, threads, count: DRAWN }));
  return (JSON.parse((await running).stdout) as { seconds: number }).seconds;
}

async function score(
  pictures: string,
  { dataDir, ganport }: PyTorchOptions,
): Promise<PyTorchRecord['scores']> {
  const data = ['--data', 'mnist', ...(dataDir === undefined ? [] : ['--data-dir', dataDir])];
  const count = ['--count', String(DRAWN)];
  const measured = await ganport(['eval', `npy:${pictures}`, ...data, ...count, '--json']);
  const { metrics, modes } = JSON.parse(measured) as Measures;
  const values = Object.entries(metrics).map(([metric, { value }]) => [metric, value]);
  return {
    ...Object.fromEntries(values),
    ...(modes && { 'classes drawn': coveredModes(modes.real, modes.generated) }),
  };
}

function nameOf(preset: string, seed: number): string {
  return `${preset},seed=${seed}`;
}

/** Rows for the table of a sweep, if they are for it. */
export function pyTorchRecords(out: string, sweep: string): PyTorchRecord[] {
  const preset = PRESETS.find((name) => sweep === `improved-${name}`);
  if (!preset) return [];
  const paths = SEEDS.map((seed) => join(out, PYTORCH, `${nameOf(preset, seed)}.json`));
  return paths.filter(existsSync).map(readRecord);
}

function readRecord(path: string): PyTorchRecord {
  return JSON.parse(readFileSync(path, 'utf8')) as PyTorchRecord;
}
