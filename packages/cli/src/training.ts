/** What `train` and `start` share: the settings of a run, and training with progress on stderr. */
import { join, resolve } from 'node:path';
import type { ImageSize } from '@ganport/model';
import { type CheckpointChoice, type Run, readRun } from '@ganport/model/node';
import {
  type ChosenEngine,
  type Dataset,
  defaultThreads,
  type EngineChoice,
  expectNoBatchUnderPenalty,
  expectUnboundedOutput,
  type Overrides,
  resolveConfig,
  resolveGan,
  type TrainConfig,
  type TrainResult,
  threadsNotice,
  train,
} from '@ganport/train';
import { asUsage, type Log } from './command.ts';
import { loadData } from './data.ts';
import { exitCodeOf, interruptible } from './interruption.ts';
import { commandLine } from './invocation.ts';
import { trainingProgress } from './progress.ts';
import { versions } from './versions.ts';

/** What errors call settings that were given as flags. */
export const COMMAND_LINE = 'the command line';

export interface Training extends EngineChoice {
  /** A new run's is for images of 28 × 28 until `fit` has seen the data. */
  config: TrainConfig;
  /** The configuration of a new run for images of a size. */
  fit?: (image: ImageSize) => TrainConfig;
  folder: string;
  /** For a new run whose folder nobody named: another name is taken if this one is. */
  free?: boolean;
  resume: boolean;
  /** Of a run to go on with; the latest by default. */
  checkpoint?: CheckpointChoice;
  /** Threads of an operator. */
  threads: number;
  tf32: boolean;
  /** Whether an event file of TensorBoard's is written; by default, where a resumed run has one. */
  tensorboard?: boolean;
}

/** The fastest engine that works, on every core. */
export const DEFAULT_ENGINE = {
  engine: 'auto',
  device: 'auto',
  threads: defaultThreads(),
  tf32: false,
} as const;

/** A run to go on with as it was set up, but for the settings in `changes`. */
export async function resumedTraining(folder: string, changes: Overrides): Promise<Training> {
  const run = await readRun(folder);
  const config = configOf(folder, run, changes);
  const { engine, device, threads, tf32 } = run;
  // What trained it goes on with it: another engine or device rounds differently.
  return { config, folder, resume: true, engine, device, threads, tf32 };
}

/** A run's configuration, with the settings in `changes` in place of its own. */
export function configOf(folder: string, { config }: Run, changes: object): TrainConfig {
  const { dataDir } = config;
  // ganport 0.1.0 kept it as it was given: from the folder that it was run in.
  const data = typeof dataDir === 'string' ? { dataDir: resolve(dataDir) } : {};
  return resolveConfig([
    [join(folder, 'run.json'), { ...config, ...data }],
    [COMMAND_LINE, changes],
  ]);
}

interface Trained {
  result: TrainResult;
  /** That of a signal which ended training before its last step; else 0. */
  exitCode: number;
}

interface Watch {
  /** Ends training with a checkpoint; without one, the first Ctrl-C does. */
  signal?: AbortSignal;
  /** Told of the folder that is trained into, before the first step. */
  onStart?: ((folder: string) => void) | undefined;
  /** Told what goes for this machine whatever is trained; the log by default. */
  onMachine?: Log;
  /** Called as training begins and after each step. */
  onTick?: () => void;
}

/** Loads the data and trains. */
export async function runTraining(
  training: Training,
  log: Log,
  watch: Watch = {},
): Promise<Trained> {
  const crowded = asUsage(() => threadsNotice(training.threads));
  if (crowded) (watch.onMachine ?? log)(crowded);
  const dataset = await loadData(training.config, log, watch.signal);
  try {
    const { signal } = watch;
    const run = (ended: AbortSignal) =>
      trainOn(dataset, training, log, { ...watch, signal: ended });
    return await (signal ? run(signal) : interruptible(run));
  } finally {
    await dataset.close?.();
  }
}

async function trainOn(
  dataset: Dataset,
  training: Training,
  log: Log,
  { signal, onStart, onMachine = log, onTick }: Watch & { signal: AbortSignal },
): Promise<Trained> {
  const { fit, ...rest } = training;
  const config = fit ? asUsage(() => fit(dataset)) : training.config;
  if (!training.resume) {
    asUsage(() => {
      const { discriminator } = resolveGan(config, dataset);
      expectUnboundedOutput(discriminator, config.loss);
      expectNoBatchUnderPenalty(discriminator, config.penalties);
    });
  }
  const { steps, batch } = config;
  const progress = trainingProgress(steps, log);
  const announce = ({ engine, why }: ChosenEngine, folder: string) => {
    log(
      `Training ${config.name} on ${dataset.count} images of ${dataset.name}${sizeAndClasses(dataset)}: ${steps} steps of batch ${batch},\n` +
        `by ${engine.description}, into ${folder}`,
    );
    if (why) {
      onMachine(`What would be faster does not work here: \`${commandLine('doctor')}\` says why.`);
    }
    onStart?.(folder);
    progress.start();
    onTick?.();
  };
  const stopping = () => {
    progress.stop();
    const again = signal.reason === 'SIGINT' ? 'Ctrl-C again' : 'a second signal';
    log(`Stopping with a checkpoint; ${again} stops without.`);
  };
  signal.addEventListener('abort', stopping);
  try {
    const result = await train({
      ...rest,
      config,
      dataset,
      versions: versions(),
      signal,
      onStart: announce,
      onStep(step, metrics) {
        onTick?.();
        progress.update(step, metrics);
      },
      onScore: progress.score,
      onNotice: progress.note,
    });
    return { result, exitCode: result.interrupted ? exitCodeOf(signal) : 0 };
  } finally {
    signal.removeEventListener('abort', stopping);
    progress.stop();
  }
}

/** What else of the data decides the networks: " (28×28 grey, 10 classes)". */
function sizeAndClasses({ width, height, channels, classes }: Dataset): string {
  const colour = channels === 1 ? 'grey' : 'colour';
  return ` (${width}×${height} ${colour}${classes ? `, ${classes.length} classes` : ''})`;
}
