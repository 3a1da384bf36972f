import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exportGenerator } from '@ganport/export';
import { MAX_SEED, numbersOf, permutation, STREAM, turnsIn } from '@ganport/model';
import type { CheckpointChoice } from '@ganport/model/node';
import { MAX_COUNT, type Sampler } from '@ganport/sample';
import { loadGenerator, readModel } from '@ganport/sample/node';
import {
  areDigits,
  type Dataset,
  type Extractor,
  fitsClassifier,
  type Labelled,
  LEAST,
  type Measures,
  measure,
  type OpenExtractor,
  openExtractor,
  readClassifier,
  resolveConfig,
} from '@ganport/train';
import { asUsage, command, type Log } from '../command.ts';
import { type DataFlags, dataFlags, loadData, pictureSettings } from '../data.ts';
import { figure } from '../figure.ts';
import { argument, checkpointChoice, given, integer, SHARED, text } from '../flags.ts';
import { readGiven } from '../model-input.ts';
import { table } from '../table.ts';
import { COMMAND_LINE } from '../training.ts';
import { versions } from '../versions.ts';

const DATA_FLAGS = dataFlags('Images to compare with');

/** Images that are in memory at a time. */
const PART = 256;

export const evalCommand = command({
  usage: 'eval <model>',
  describe: 'Measure how close pictures are to the data',
  examples: [
    ['eval runs/quick --data glyphs', 'By the classifier of digits that comes with ganport'],
    ['eval runs/cats --data folder:cats --features inception.onnx', 'By another model'],
  ],
  arguments: { model: argument('A run folder, a generator.onnx, or - for standard input') },
  flags: {
    ...DATA_FLAGS,
    data: { ...DATA_FLAGS.data, demandOption: true },
    count: {
      ...integer('count', 'How many pictures', { minValue: LEAST, maxValue: MAX_COUNT }),
      default: 10_000,
    },
    seed: {
      ...integer('seed', 'Seed of the pictures', { minValue: 0, maxValue: MAX_SEED }),
      default: 42,
    },
    features: {
      ...text('ONNX model that gives features of images'),
      defaultDescription: "ganport's, for digits",
    },
    checkpoint: checkpointChoice("Which of a run's weights"),
    'time-limit': {
      ...SHARED['time-limit'],
      describe: 'Seconds to load each model and run it once',
    },
  },
  async run({ model, count, seed, features, checkpoint, ...rest }, log) {
    const timeLimitMs = rest['time-limit'] * 1000;
    const dataset = await loadNamed(rest, log);
    let extractor: OpenExtractor | undefined;
    try {
      const wanted = within(count, dataset, log);
      extractor = await openFeatures(features, dataset, timeLimitMs);
      const file = existsSync(join(model, 'run.json'))
        ? { path: model, bytes: await exported(model, checkpoint) }
        : await readGiven(model);
      const { sampler } = await loadGenerator(file, { device: 'cpu', timeLimitMs });
      try {
        expectSize(sampler, dataset, rest.data);
        // What another model calls its classes nobody knows.
        const { classes } = sampler.metadata;
        const labelled = features === undefined && areDigits(classes) && areDigits(dataset.classes);
        const real = await extractReal(dataset, { count: 2 * wanted, labelled }, extractor);
        const drawing = { count: wanted, seed, labelled };
        const generated = await extractDrawn(sampler, drawing, extractor);
        const measures = measure(real, generated, extractor);
        const by = features ?? "ganport's classifier of digits";
        const json = { data: dataset.name, count: wanted, seed, features: by, ...measures };
        return { json, text: toText(measures, { by, dataset, count: wanted }) };
      } finally {
        await sampler.close();
      }
    } finally {
      await extractor?.close();
      await dataset.close?.();
    }
  },
});

async function exported(run: string, checkpoint: CheckpointChoice | undefined) {
  return (await exportGenerator(run, { checkpoint, version: versions().ganport })).model;
}

/** The data set of the flags, as `train` would take it. */
function loadNamed(flags: DataFlags, log: Log): Promise<Dataset> {
  const { data, 'data-dir': dataDir } = flags;
  const settings = { ...given({ data, dataDir }), ...pictureSettings(flags) };
  return loadData(
    asUsage(() => resolveConfig([[COMMAND_LINE, settings]])),
    log,
  );
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

function expectSize({ metadata: { image } }: Sampler, dataset: Dataset, source: string): void {
  const [got, expected] = [image, dataset].map(
    ({ width, height, channels }) => `${width}×${height}×${channels}`,
  );
  if (got !== expected) {
    const { width, height, channels } = image;
    const resized = source.startsWith('folder') && width === height;
    const remedy = resized ? `: --size ${height} --channels ${channels} makes them so` : '';
    throw new Error(
      `the model draws ${got}, but ${dataset.name} has images of ${expected}${remedy}`,
    );
  }
}

async function openFeatures(
  path: string | undefined,
  dataset: Dataset,
  timeLimitMs: number,
): Promise<OpenExtractor> {
  const { name, channels, height, width } = dataset;
  if (path !== undefined) {
    const model = await readModel(path);
    const signal = AbortSignal.timeout(timeLimitMs);
    return openExtractor(model, { size: dataset, what: path, signal }).catch((error: unknown) => {
      if (error !== signal.reason) throw error;
      throw new Error(
        `${path}: expected features of an image within ${timeLimitMs / 1000} s, got none: give it more time (--time-limit)`,
      );
    });
  }
  if (!fitsClassifier(dataset)) {
    throw new Error(
      `${name} has images of ${width}×${height}×${channels}, and ganport's own features are for 28×28×1: name a model of theirs with --features`,
    );
  }
  return openExtractor(await readClassifier(), { size: dataset, what: 'the classifier of digits' });
}

interface Drawing {
  count: number;
  /** Whether the classifier's classes are those of the data and the generator. */
  labelled: boolean;
}

/** Of images from all over the data, whatever its order. */
async function extractReal(
  dataset: Dataset,
  { count, labelled }: Drawing,
  extractor: Extractor,
): Promise<Labelled> {
  const chosen = permutation(0, 0, dataset.count, STREAM.evaluation).subarray(0, count);
  const extracted = await extractParts(count, extractor, async (start, part) => {
    const bytes = await dataset.read(chosen.slice(start, start + part));
    return numbersOf(bytes, [dataset.channels, dataset.height, dataset.width]);
  });
  if (!labelled) return extracted;
  return { ...extracted, labels: Array.from(chosen, (index) => dataset.labels![index]!) };
}

async function extractDrawn(
  sampler: Sampler,
  { count, seed, labelled }: Drawing & { seed: number },
  extractor: Extractor,
): Promise<Labelled> {
  const extracted = await extractParts(count, extractor, async (start, part) => {
    const { data, channels, height, width } = await sampler.sample({ seed, start, count: part });
    return numbersOf(data, [channels, height, width]);
  });
  if (!labelled) return extracted;
  // As `sample` draws them where no class is asked for.
  const labels = turnsIn(sampler.metadata.classes!.length, 0, count);
  return { ...extracted, labels: Array.from(labels, Number) };
}

async function extractParts(
  count: number,
  { dim, classes, extract }: Extractor,
  images: (start: number, count: number) => Promise<Float32Array>,
): Promise<Labelled> {
  const features = new Float32Array(count * dim);
  const logits = classes === undefined ? undefined : new Float32Array(count * classes);
  for (let start = 0; start < count; start += PART) {
    const part = await extract(await images(start, Math.min(PART, count - start)));
    features.set(part.features, start * dim);
    logits?.set(part.logits!, start * classes!);
  }
  return logits ? { features, logits } : { features };
}

function toText(
  { metrics, modes, size, repeats }: Measures,
  { by, dataset, count }: { by: string; dataset: Dataset; count: number },
): string {
  const rows = Object.entries(metrics).map(([name, measured]) => {
    const { value, deviation, floor, floorDeviation, better } = measured;
    const [got, real] = [
      [value, deviation],
      [floor, floorDeviation],
    ].map(([of, spread]) => `${figure(of!, 4)} ± ${figure(spread!, 2)}`);
    return [name, `${got!.padEnd(22)}real: ${real!.padEnd(22)}${better}`] as const;
  });
  const shares = (of: readonly number[]) => of.map((p) => `${Math.round(100 * p)} %`).join(', ');
  const classes = modes
    ? ([
        ['classes', shares(modes.generated)],
        ['of the data', shares(modes.real)],
      ] as const)
    : [];
  return (
    `${count} pictures beside ${dataset.name}, by ${by}: ${repeats} parts of ${size}, ± between them (KID: subsets).\n` +
    table([...rows, ...classes])
  );
}
