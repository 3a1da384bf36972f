/**
 * `bench data`: whether steps wait for their images. A folder of PNG files, prepared as training prepares it, beside the same
 * images in memory: how long a step takes, and how long the loop stood before the images of the next one.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildRecipe,
  createEngine,
  type Dataset,
  feedsAt,
  initialState,
  loadDataset,
  memoryDataset,
  resolveConfig,
  resolveGan,
} from '@ganport/train';
import sharp from 'sharp';
import { interleave, medianRatio, type Runner, type Summary, summarize } from './interleave.ts';
import { formatTable } from './report.ts';

const PICTURES = 5000;

interface Case {
  readonly preset: 'mlp' | 'conv' | 'quick';
  readonly batch: number;
  readonly size: number;
  readonly channels: 1 | 3;
}

/** mlp's steps are the shortest there are: what is slower than they are is seen there first. */
const CASES: readonly Case[] = [
  { preset: 'mlp', batch: 128, size: 28, channels: 1 },
  { preset: 'conv', batch: 64, size: 28, channels: 1 },
  { preset: 'quick', batch: 64, size: 64, channels: 3 },
];

export interface DataOptions {
  readonly threads: number;
  readonly rounds: number;
  /** Of each folder; 5,000 unless given. */
  readonly pictures?: number;
  readonly onProgress: (line: string) => void;
}

export interface DataResult extends Case {
  /** Milliseconds of a step, and of those the ones that the loop waited for its feeds. */
  readonly memory: { readonly step: Summary; readonly waited: Summary };
  readonly folder: { readonly step: Summary; readonly waited: Summary };
  /** Of the folder's steps to those from memory, the median of all rounds. */
  readonly ratio: number;
}

export async function benchData(options: DataOptions): Promise<DataResult[]> {
  const { rounds, threads, pictures = PICTURES, onProgress } = options;
  const place = await mkdtemp(join(tmpdir(), 'ganport-bench-'));
  try {
    const results: DataResult[] = [];
    for (const each of CASES) {
      const { preset, size, channels } = each;
      const folder = join(place, `${size}-${channels}`);
      onProgress(`${pictures} PNG files, ${size}×${size}×${channels}`);
      await drawPictures(folder, pictures, each);
      const cache = join(place, 'cache');
      const read = await loadDataset({ source: 'folder', dataDir: folder, size, channels, cache });
      const trainers: Trainer[] = [];
      try {
        const images = await read.read(Uint32Array.from({ length: read.count }, (_, i) => i));
        const { name, height, width } = read;
        const held = memoryDataset({ name, height, width, channels, images });
        for (const dataset of [held, read]) trainers.push(await trainer(dataset, each, threads));
        onProgress(`${preset}: ${rounds} rounds`);
        const times = await interleave(trainers, rounds);
        const [memory, folder] = trainers.map(({ waits }, i) => ({
          step: summarize(times[i]!.map((seconds) => 1000 * seconds)),
          waited: summarize(waits.slice(-rounds)),
        }));
        const ratio = medianRatio(times[1]!, times[0]!);
        results.push({ ...each, memory: memory!, folder: folder!, ratio });
      } finally {
        for (const { close } of trainers) await close();
        await read.close?.();
      }
    }
    return results;
  } finally {
    await rm(place, { recursive: true });
  }
}

/** Digits drawn by code, in colours where pictures have them. */
async function drawPictures(folder: string, count: number, { size, channels }: Case) {
  await mkdir(folder, { recursive: true });
  const { height, width, read } = await loadDataset({ source: 'glyphs' });
  for (let i = 0; i < count; i += 1) {
    const pixels = await read(Uint32Array.of(i));
    const picture = sharp(pixels, { raw: { width, height, channels: 1 } }).resize(size);
    const colour = { r: (i * 37) % 256, g: (i * 91) % 256, b: (i * 151) % 256 };
    const drawn = channels === 1 ? picture.toColourspace('b-w') : picture.tint(colour);
    await drawn.png().toFile(join(folder, `${i}.png`));
  }
}

interface Trainer extends Runner {
  /** Of each run: milliseconds that a step waited for its feeds. */
  readonly waits: number[];
  close(): Promise<void>;
}

async function trainer(
  dataset: Dataset,
  { preset, batch }: Case,
  threads: number,
): Promise<Trainer> {
  const config = resolveConfig([['the benchmark', { preset, batch }]], dataset);
  const recipe = buildRecipe(resolveGan(config, dataset), config, dataset);
  const engine = await createEngine(recipe, initialState(recipe, config.seed), {
    engine: 'onnxruntime',
    device: 'cpu',
    threads,
  });
  const waits: number[] = [];
  let done = 0;
  let feeds = feedsAt(recipe, 1);
  return {
    waits,
    async run(steps) {
      const start = performance.now();
      let waited = 0;
      for (const end = done + steps; done < end; done += 1) {
        const asked = performance.now();
        const ready = await feeds;
        waited += performance.now() - asked;
        // As training does it: the next step's are made while this one runs.
        const stepping = engine.step(ready);
        feeds = feedsAt(recipe, done + 2);
        await stepping;
      }
      waits.push(waited / steps);
      return (performance.now() - start) / 1000;
    },
    async close() {
      await feeds;
      await engine.close();
    },
  };
}

export function formatData(results: readonly DataResult[]): string {
  const show = ({ median, min, max }: Summary, places: number) =>
    `${median.toFixed(places)} (${min.toFixed(places)}–${max.toFixed(places)})`;
  const rows = results.flatMap(({ preset, batch, size, channels, ratio, ...sides }) =>
    (['memory', 'folder'] as const).map((from) => [
      `${preset}, ${batch} of ${size}×${size}×${channels}, ${from}`,
      show(sides[from].step, 1),
      show(sides[from].waited, 2),
      from === 'folder' ? ratio.toFixed(3) : '1',
    ]),
  );
  const header = ['images from', 'step, ms (min–max)', 'waited, ms (min–max)', 'ratio'];
  return `\n${formatTable([header, ...rows]).join('\n')}\n`;
}
