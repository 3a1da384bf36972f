import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exportGenerator } from '@ganport/export';
import { MAX_SEED } from '@ganport/model';
import type { CheckpointChoice } from '@ganport/model/node';
import { MAX_COUNT, type Sampler } from '@ganport/sample';
import { loadGenerator } from '@ganport/sample/node';
import {
  areDigits,
  type Dataset,
  FEATURE_RANGES,
  knowsClasses,
  type Labelled,
  LEAST,
  type Measures,
  measure,
  type OpenExtractor,
  resolveConfig,
} from '@ganport/train';
import { asUsage, command, type Log, UsageError } from '../command.ts';
import { type DataFlags, dataFlags, loadData, pictureSettings } from '../data.ts';
import { TRUNCATION } from '../drawing.ts';
import { extractDrawn, extractReal, openFeatures } from '../features.ts';
import { figure } from '../figure.ts';
import { argument, checkpointChoice, choice, given, integer, SHARED, text } from '../flags.ts';
import { readGiven } from '../model-input.ts';
import { table } from '../table.ts';
import { COMMAND_LINE } from '../training.ts';
import { versions } from '../versions.ts';

const DATA_FLAGS = dataFlags('Images to compare with');

export const evalCommand = command({
  usage: 'eval <model>',
  describe: 'Measure how close pictures are to the data',
  examples: [
    ['eval runs/quick --data glyphs', 'By the classifier of digits that comes with ganport'],
    [
      'eval runs/cats --data folder:cats --features inception.onnx --features-range 0..255',
      'By another model',
    ],
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
    truncation: TRUNCATION,
    features: {
      ...text('ONNX model that gives features of images'),
      defaultDescription: "ganport's, for digits",
    },
    'features-range': {
      ...choice('What black and white are to that model', FEATURE_RANGES),
      defaultDescription: '-1..1, or bytes',
    },
    checkpoint: checkpointChoice("Which of a run's weights"),
    'time-limit': {
      ...SHARED['time-limit'],
      describe: 'Seconds to load each model and run it once',
    },
  },
  async run({ model, count, seed, truncation, features, checkpoint, ...rest }, log) {
    const timeLimitMs = rest['time-limit'] * 1000;
    const range = rest['features-range'];
    if (range !== undefined && features === undefined) {
      throw new UsageError(`--features-range is that of a model: expected --features with it`);
    }
    const dataset = await loadNamed(rest, log);
    let extractor: OpenExtractor | undefined;
    try {
      const wanted = within(count, dataset, log);
      extractor = await openFeatures({ path: features, range, timeLimitMs }, dataset);
      const file = existsSync(join(model, 'run.json'))
        ? { path: model, bytes: await exported(model, checkpoint) }
        : await readGiven(model);
      const { sampler } = await loadGenerator(file, { device: 'cpu', timeLimitMs });
      try {
        expectSize(sampler, dataset, rest.data);
        const real = await extractReal(dataset, 2 * wanted, extractor);
        // What another model calls its classes nobody knows.
        const told = features === undefined && tellsClasses(real, dataset, log);
        const labelled = told && areDigits(sampler.metadata.classes);
        const drawing = { count: wanted, seed, truncation, labelled };
        const generated = await extractDrawn(sampler, drawing, extractor);
        const measures = measure(real, generated, extractor);
        const by = features ?? "ganport's classifier of digits";
        const json = {
          data: dataset.name,
          count: wanted,
          seed,
          truncation,
          features: by,
          ...measures,
        };
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

/** Whether data are the digits that ganport's classifier tells: others may have classes of the same names. */
function tellsClasses({ logits, labels }: Labelled, { name, classes }: Dataset, log: Log): boolean {
  if (!areDigits(classes)) return false;
  if (knowsClasses(logits!, classes!.length, labels!)) return true;
  log(
    `ganport's classifier of digits takes less than half of ${name} for what they are: its features say little of them; name a model of theirs with --features`,
  );
  return false;
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
