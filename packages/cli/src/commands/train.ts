import { readFile } from 'node:fs/promises';
import { PRESETS } from '@ganport/model';
import { readRun } from '@ganport/model/node';
import {
  type DownloadProgress,
  defaultThreads,
  loadDataset,
  resolveConfig,
  SOURCES,
  type TrainConfig,
  type TrainResult,
  train as trainRun,
} from '@ganport/train';
import * as ort from 'onnxruntime-node';
import { type Context, command, UsageError } from '../command.ts';
import { trainingProgress } from '../progress.ts';
import { versions } from '../versions.ts';

export const train = command({
  usage: 'train',
  describe: 'Train a GAN into a run folder',
  options: (yargs) =>
    yargs.options({
      preset: { choices: Object.keys(PRESETS), describe: 'Networks and settings to start from' },
      config: { string: true, describe: 'JSON file of settings over the preset' },
      data: { choices: SOURCES, describe: 'Images to learn from' },
      'data-dir': { string: true, describe: "Folder of the data set's files" },
      steps: { number: true, describe: 'Steps to train' },
      batch: { number: true, describe: 'Images per step' },
      seed: { number: true, describe: 'Everything random follows from it' },
      loss: { string: true, describe: 'Adversarial loss' },
      device: {
        choices: ['auto', 'cpu'] as const,
        default: 'auto' as const,
        describe: 'Where to train',
      },
      threads: {
        number: true,
        describe: 'Threads of an operator',
        defaultDescription: 'the cores',
      },
      out: { string: true, describe: 'Run folder to make', defaultDescription: 'runs/NAME-TIME' },
      resume: { string: true, describe: 'Run folder to go on with; --steps may extend it' },
    }),
  async run(options, context) {
    const { out, resume, threads = defaultThreads() } = options;
    if (out !== undefined && resume !== undefined) {
      throw new UsageError('--out makes a new run and --resume continues one: give one of them');
    }
    const config =
      resume === undefined ? await newConfig(options) : await oldConfig(resume, options);
    const folder = resume ?? out ?? `runs/${config.name}-${timestamp()}`;
    const result = await runTraining(
      { config, folder, resume: resume !== undefined, threads },
      context,
    );
    const { step, interrupted } = result;
    const next = interrupted
      ? `Stopped at step ${step}. Go on with: ganport train --resume ${folder}`
      : `Trained ${step} steps into ${folder}. Next: ganport export ${folder}`;
    return { json: result, text: next, ...(interrupted ? { exitCode: 130 } : {}) };
  },
});

export interface TrainingRequest {
  config: TrainConfig;
  folder: string;
  resume: boolean;
  threads: number;
}

/** Loads the data and trains, with progress on stderr. */
export async function runTraining(
  { config, folder, resume, threads }: TrainingRequest,
  context: Context,
): Promise<TrainResult> {
  const { data, dataDir, steps, batch } = config;
  const dataset = await loadDataset({
    source: data,
    ...(dataDir ? { dataDir } : {}),
    onProgress: downloadProgress(context),
  });
  context.log(
    `${dataset.count} images of ${dataset.name}; ${steps} steps of batch ${batch} on onnxruntime, cpu, ${threads} threads, into ${folder}`,
  );
  const progress = trainingProgress(steps, context.log);
  try {
    return await trainRun({
      config,
      dataset,
      ort,
      device: 'cpu',
      threads,
      versions: versions(),
      folder,
      resume,
      signal: context.signal,
      onStep: progress.update,
    });
  } finally {
    progress.stop();
  }
}

/** One line per file that is downloaded. */
function downloadProgress({ log }: Context): (progress: DownloadProgress) => void {
  let current: string | undefined;
  return ({ file, total }) => {
    if (file === current) return;
    current = file;
    log(`Downloading ${file}, ${(total / 1e6).toFixed(1)} MB …`);
  };
}

type Flags = { [name: string]: unknown };

/** A new run's settings: preset, file, flags. */
async function newConfig({
  config,
  ...flags
}: Flags & { config?: string | undefined }): Promise<TrainConfig> {
  const file = config === undefined ? {} : await readJson(config);
  return resolveConfig([
    [config ?? 'no file', file],
    ['the flags', given(flags, ['preset', 'data', 'dataDir', 'steps', 'batch', 'seed', 'loss'])],
  ]);
}

/** A run's own settings, which only `--steps` and `--data-dir` may change. */
async function oldConfig(folder: string, flags: Flags): Promise<TrainConfig> {
  const fixed = ['preset', 'config', 'data', 'batch', 'seed', 'loss'].find(
    (name) => flags[name] !== undefined,
  );
  if (fixed) throw new UsageError(`--${fixed} cannot change a run that is resumed`);
  const run = await readRun(folder);
  return resolveConfig([
    [`${folder}/run.json`, run.config],
    ['the flags', given(flags, ['steps', 'dataDir'])],
  ]);
}

function given(flags: Flags, names: readonly string[]): Flags {
  return Object.fromEntries(
    names.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]]),
  );
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `--config: cannot read ${path} (${(error as NodeJS.ErrnoException).code})`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--config: ${path} is not JSON: ${(error as Error).message}`);
  }
}

/** Local time as 20261231-235959. */
function timestamp(): string {
  const local = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}
