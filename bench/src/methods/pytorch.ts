/** The seed's networks trained by PyTorch on the same images, for as many steps, and compared by the same command. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadDataset, resolveConfig } from '@ganport/train';
import { SWEEPS } from './sweeps.ts';

const PROGRAM = fileURLToPath(new URL('../../pytorch/pictures.py', import.meta.url));

export const PYTORCH = 'pytorch';
/** What its row is called, beside those of the sweep `improved-PRESET`. */
const ROW = 'as published, by PyTorch';

const PRESETS = ['mlp', 'conv'] as const;
const SEEDS = [0, 1];

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
  const { out, python, dataDir, scale, threads, ganport, onProgress } = options;
  const folder = join(out, PYTORCH);
  mkdirSync(folder, { recursive: true });
  const dataset = await loadDataset({ source: 'mnist', dataDir });
  const images = join(folder, 'images');
  writeFileSync(
    images,
    await dataset.read(Uint32Array.from({ length: dataset.count }, (_, i) => i)),
  );
  for (const seed of SEEDS) {
    for (const preset of PRESETS) {
      const sweep = SWEEPS[`improved-${preset}`]!;
      const steps = Math.max(1, Math.round(sweep.base.steps * scale));
      const name = `${preset},seed=${seed}`;
      const recorded = join(folder, `${name}.json`);
      if (existsSync(recorded) && readRecord(recorded).step >= steps) continue;
      onProgress(`PyTorch: ${name}, ${steps} steps`);
      const { batch } = resolveConfig([['the benchmark', { preset }]]);
      const pictures = join(folder, `${name}.npy`);
      const given = { preset, batch, threads, seed, steps, images, count: 5000, out: pictures };
      const running = promisify(execFile)(python, [PROGRAM]);
      running.child.stdin!.end(JSON.stringify(given));
      const { seconds } = JSON.parse((await running).stdout) as { seconds: number };
      const data = ['--data', 'mnist', ...(dataDir === undefined ? [] : ['--data-dir', dataDir])];
      const measured = await ganport([
        'eval',
        `npy:${pictures}`,
        ...data,
        '--count',
        '5000',
        '--json',
      ]);
      const { metrics } = JSON.parse(measured) as { metrics: Record<string, { value: number }> };
      const scores = Object.entries(metrics).map(([metric, { value }]) => [metric, value] as const);
      const record: PyTorchRecord = {
        ...{ name, settings: { with: ROW, seed: String(seed) }, digest: '', step: steps },
        ...{
          status: 'done',
          msPerStep: (1000 * seconds) / steps,
          scores: Object.fromEntries(scores),
        },
      };
      writeFileSync(recorded, `${JSON.stringify(record, null, 2)}\n`);
    }
  }
  await dataset.close?.();
}

/** Rows for the table of a sweep, if they are for it. */
export function pyTorchRecords(out: string, sweep: string): PyTorchRecord[] {
  const preset = PRESETS.find((name) => sweep === `improved-${name}`);
  if (!preset) return [];
  const paths = SEEDS.map((seed) => join(out, PYTORCH, `${preset},seed=${seed}.json`));
  return paths.filter(existsSync).map(readRecord);
}

function readRecord(path: string): PyTorchRecord {
  return JSON.parse(readFileSync(path, 'utf8')) as PyTorchRecord;
}
