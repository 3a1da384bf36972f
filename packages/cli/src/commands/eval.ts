import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_SEED, ModelError, quote } from '@ganport/model';
import { readRun } from '@ganport/model/node';
import { MAX_COUNT } from '@ganport/sample';
import {
  configSchema,
  coveredModes,
  type Dataset,
  expectDataOf,
  FEATURE_RANGES,
  LEAST,
  type Measures,
  resolveConfig,
} from '@ganport/train';
import { asUsage, command, type Log, UsageError } from '../command.ts';
import { compareWith, isArray } from '../comparing.ts';
import { type DataFlags, dataFlags, loadData, pictureSettings } from '../data.ts';
import { TRUNCATION } from '../drawing.ts';
import { figure } from '../figure.ts';
import { argument, checkpointChoice, choice, given, integer, SHARED, text } from '../flags.ts';
import { columns } from '../table.ts';
import { COMMAND_LINE, configOf } from '../training.ts';

const RANGES = configSchema.shape.range.unwrap().options;
const DATA_FLAGS = dataFlags('Images to compare with');

export const evalCommand = command({
  usage: 'eval <model>',
  describe: 'Measure how close pictures are to the data',
  examples: [
    ['eval runs/quick', 'With the data it was trained on, by the classifier of digits of ganport'],
    [
      'eval runs/cats --data folder:cats --features inception.onnx --features-range 0..255',
      'By another model',
    ],
    ['eval npy:pictures.npy --data mnist', 'Pictures that are there already, whatever drew them'],
  ],
  arguments: {
    model: argument(
      'A run folder, a generator.onnx, - for standard input, or npy:FILE of pictures',
    ),
  },
  flags: {
    ...DATA_FLAGS,
    data: { ...DATA_FLAGS.data, defaultDescription: 'what the run was trained on' },
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
    'pictures-range': {
      ...choice('What black and white are in npy:FILE, of floats', RANGES),
      defaultDescription: 'by how far they reach',
    },
    checkpoint: checkpointChoice("Which of a run's weights"),
    'time-limit': {
      ...SHARED['time-limit'],
      describe: 'Seconds to load each model and run it once',
    },
  },
  async run({ model, seed, truncation, features, checkpoint, ...rest }, log) {
    const range = rest['features-range'];
    if (range !== undefined && features === undefined) {
      throw new UsageError(`--features-range is that of a model: expected --features with it`);
    }
    const picturesRange = rest['pictures-range'];
    if (picturesRange !== undefined && !isArray(model)) {
      throw new UsageError('--pictures-range is that of an array: expected npy:FILE with it');
    }
    const { dataset, source } = await loadNamed(model, rest, log);
    try {
      const options = {
        ...{ dataset, source, count: rest.count, seed, truncation },
        ...{ features, range, picturesRange, checkpoint, timeLimitMs: rest['time-limit'] * 1000 },
      };
      const { by, count, ...measures } = await compareWith(model, options, log);
      const json = {
        ...{ data: dataset.name, count, seed, truncation, features: by },
        ...measures,
      };
      return { json, text: toText(measures, { by, dataset, count }) };
    } finally {
      await dataset.close?.();
    }
  },
});

interface Named {
  dataset: Dataset;
  source: string;
}

/** The data set of the flags, as `train` would take it; without --data, that of the run. */
async function loadNamed(model: string, flags: DataFlags, log: Log): Promise<Named> {
  const { data, 'data-dir': dataDir } = flags;
  const settings = { ...given({ data, dataDir }), ...pictureSettings(flags) };
  if (data === undefined) return loadTrainedOn(model, settings, log);
  const config = asUsage(() => resolveConfig([[COMMAND_LINE, settings]]));
  return { dataset: await loadData(config, log), source: data };
}

async function loadTrainedOn(folder: string, settings: object, log: Log): Promise<Named> {
  if (!existsSync(join(folder, 'run.json'))) {
    throw new UsageError(
      `--data: expected the images to compare with: ${quote(folder)} is no run folder, which says what it was trained on`,
    );
  }
  const run = await readRun(folder);
  const config = configOf(folder, run, settings);
  let dataset: Dataset | undefined;
  try {
    dataset = await loadData(config, log);
    expectDataOf(folder, run, dataset);
    return { dataset, source: config.data };
  } catch (error) {
    await dataset?.close?.();
    if (!(error instanceof ModelError)) throw error;
    throw new ModelError(
      `${error.message}; say where they are with --data-dir, or name others with --data`,
    );
  }
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
    return [name, got!, real!, better];
  });
  const head = ['', 'pictures', 'real images', 'better'];
  return [
    `${count} pictures beside ${dataset.name}, by ${by}: ${repeats} parts of ${size}, ± between them (KID: subsets).`,
    ...columns([head, ...rows, ...(modes ? classRows(modes) : [])]),
  ].join('\n');
}

/** Shares of more are no line to read. */
const MAX_SHARES = 20;

function classRows({ real, generated }: NonNullable<Measures['modes']>): string[][] {
  if (real.length > MAX_SHARES) {
    const known = real.filter((share) => share > 0).length;
    const drawn = coveredModes(real, generated);
    return [['classes drawn', String(drawn), String(known), 'higher']];
  }
  const percent = (share: number | undefined) => `${Math.round(100 * share!)} %`;
  return real.map((share, i) => [`of class ${i}`, percent(generated[i]), percent(share), '']);
}
