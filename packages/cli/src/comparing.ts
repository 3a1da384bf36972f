/** What `eval` and `sweep` share: pictures of a model beside the data. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exportGenerator } from '@ganport/export';
import { type ImageSize, numbersOf } from '@ganport/model';
import type { CheckpointChoice } from '@ganport/model/node';
import type { SampleOptions } from '@ganport/sample';
import { loadGenerator } from '@ganport/sample/node';
import {
  areDigits,
  type Dataset,
  type FeatureRange,
  knowsClasses,
  type Labelled,
  LEAST,
  loadDataset,
  type Measures,
  measure,
  type NpyRange,
  withPauses,
} from '@ganport/train';
import type { Log } from './command.ts';
import { type Draw, extractDrawn, extractReal, openFeatures } from './features.ts';
import { readGiven } from './model-input.ts';
import { versions } from './versions.ts';

export interface ComparisonOptions extends Pick<SampleOptions, 'truncation'> {
  dataset: Dataset;
  /** How --data names it. */
  source: string;
  /** How many pictures; fewer where the data has not twice as many. */
  count: number;
  /** Of the pictures. */
  seed: number;
  /** Path of a model of features; ganport's for digits by default. */
  features?: string | undefined;
  /** What that takes images in. */
  range?: FeatureRange | undefined;
  /** Of pictures that are floats in an array; found, and told, where it is not given. */
  picturesRange?: NpyRange | undefined;
  /** Of a run; the latest by default. */
  checkpoint?: CheckpointChoice | undefined;
  /** To load each model and run it once. */
  timeLimitMs: number;
  signal?: AbortSignal | undefined;
}

export interface Compared extends Measures {
  /** How many pictures were compared. */
  count: number;
  /** Whose features. */
  by: string;
}

/**
 * @param model a run folder, a generator.onnx, - for standard input, or npy:FILE for pictures that are there already
 * @throws Error in one line where there are too few images, or they are of other sizes; the signal's reason
 */
export async function compareWith(
  model: string,
  options: ComparisonOptions,
  log: Log,
): Promise<Compared> {
  const { dataset, source, features, range, timeLimitMs, signal } = options;
  const most = within(options.count, dataset, log);
  const extractor = await openFeatures({ path: features, range, timeLimitMs }, dataset);
  try {
    const pictures = await openPictures(model, options, log);
    try {
      expectSize(pictures, dataset, source);
      const count = available(most, pictures, model, log);
      const parts = { extractor, count, signal };
      const real = await extractReal(dataset, { ...parts, count: 2 * count });
      // What another model calls its classes nobody knows.
      const told = features === undefined && tellsClasses(real, dataset, log);
      const { classes, draw } = pictures;
      const turns = told && areDigits(classes) ? classes!.length : 0;
      const drawn = await extractDrawn(draw, turns, parts);
      const measures = await withPauses(measure(real, drawn, extractor), signal);
      return { ...measures, count, by: features ?? "ganport's classifier of digits" };
    } finally {
      await pictures.close();
    }
  } finally {
    await extractor.close();
  }
}

/** Whether data are the digits that ganport's classifier tells: others may have classes of the same names. */
function tellsClasses({ logits, labels }: Labelled, { name, classes }: Dataset, log: Log): boolean {
  if (!areDigits(classes)) return false;
  if (knowsClasses(logits!, classes!.length, labels!)) return true;
  log(
    `ganport's classifier of digits takes less than half of ${name} for what they are: its features say little of them; name a model of theirs with --features`,
  );
  return false;
}

interface Pictures {
  size: ImageSize;
  /** Those that they take turns in. */
  classes: readonly string[] | undefined;
  /** How many there are, where that is not endless. */
  count?: number;
  draw: Draw;
  close(): Promise<void>;
}

const ARRAY = 'npy:';

/** Whether what is compared are pictures, and no model that draws some. */
export function isArray(model: string): boolean {
  return model.startsWith(ARRAY);
}

async function openPictures(
  model: string,
  { seed, truncation, checkpoint, timeLimitMs, picturesRange }: ComparisonOptions,
  log: Log,
): Promise<Pictures> {
  if (isArray(model)) return openArray(model.slice(ARRAY.length), picturesRange, log);
  const file = existsSync(join(model, 'run.json'))
    ? { path: model, bytes: await exported(model, checkpoint) }
    : await readGiven(model);
  const { sampler } = await loadGenerator(file, { device: 'cpu', timeLimitMs });
  const { image: size, classes } = sampler.metadata;
  return {
    ...{ size, classes },
    async draw(start, count, signal) {
      const wanted = { seed, truncation, start, count, signal };
      const { data, channels, height, width } = await sampler.sample(wanted);
      return numbersOf(data, [channels, height, width]);
    },
    close: () => sampler.close(),
  };
}

/** Pictures by whatever drew them, in the order that they are in. */
async function openArray(path: string, range: NpyRange | undefined, log: Log): Promise<Pictures> {
  const onRange = (line: string) => log(`${line} (--pictures-range)`);
  const array = await loadDataset({ source: 'npy', dataDir: path, range, onRange });
  const { count, channels, height, width } = array;
  return {
    ...{ size: array, classes: undefined, count },
    async draw(start, part) {
      const bytes = await array.read(Uint32Array.from({ length: part }, (_, i) => start + i));
      return numbersOf(bytes, [channels, height, width]);
    },
    close: async () => array.close?.(),
  };
}

function available(wanted: number, { count = wanted }: Pictures, model: string, log: Log): number {
  if (count < LEAST) {
    throw new Error(`${model}: expected at least ${LEAST} pictures, got ${count}`);
  }
  if (count < wanted) log(`${model} has ${count} pictures: all are compared, not ${wanted}`);
  return Math.min(count, wanted);
}

async function exported(run: string, checkpoint: CheckpointChoice | undefined) {
  return (await exportGenerator(run, { checkpoint, version: versions().ganport })).model;
}

/** What is compared are twice as many of the data: the second half is the floor's. */
function within(count: number, dataset: Dataset, log: Log): number {
  const most = Math.floor(dataset.count / 2);
  if (most < LEAST) {
    throw new Error(
      `${dataset.name} has ${dataset.count} images: expected at least ${2 * LEAST} to compare with`,
    );
  }
  if (count <= most) return count;
  log(`${dataset.name} has ${dataset.count} images: ${most} pictures are compared, not ${count}`);
  return most;
}

function expectSize({ size }: Pictures, dataset: Dataset, source: string): void {
  const [got, expected] = [size, dataset].map(
    ({ width, height, channels }) => `${width}×${height}×${channels}`,
  );
  if (got === expected) return;
  const { width, height, channels } = size;
  const resized = source.startsWith('folder') && width === height;
  const remedy = resized ? `: --size ${height} --channels ${channels} makes them so` : '';
  throw new Error(
    `the pictures are of ${got}, but ${dataset.name} has images of ${expected}${remedy}`,
  );
}
