/** One run of a sweep: trained as `train` does, compared as `eval` does. */
import { resolve } from 'node:path';
import { TIME_LIMIT_MS } from '@ganport/sample/node';
import {
  coveredModes,
  fitsClassifier,
  type SweepEval,
  type SweepRun,
  stepClock,
  type TrainedRun,
} from '@ganport/train';
import type { Log } from './command.ts';
import { compareWith } from './comparing.ts';
import { loadData } from './data.ts';
import type { EngineFlags } from './engine-flags.ts';
import { given } from './flags.ts';
import { DEFAULT_ENGINE, resumedTraining, runTraining, type Training } from './training.ts';

interface RunOptions {
  folder: string;
  /** Whether it goes on with the run in the folder. */
  resume: boolean;
  /** As far as it was asked for. */
  trainer: EngineFlags;
  signal: AbortSignal;
  /** Told what goes for this machine. */
  onMachine: Log;
}

export async function trainRun(
  { config, fit }: SweepRun,
  { folder, resume, trainer, signal, onMachine }: RunOptions,
  log: Log,
): Promise<TrainedRun> {
  const begun: Training = resume
    ? await resumedTraining(folder, { steps: config.steps })
    : { config, fit, folder, resume, ...DEFAULT_ENGINE };
  const clock = stepClock();
  const training = { ...begun, ...given(trainer) };
  const { result } = await runTraining(training, log, { signal, onMachine, onTick: clock.tick });
  return { ...result, msPerStep: clock.median() };
}

interface ScoreOptions {
  folder: string;
  /** Scores of the last checkpoint, which stand where there are no features for the data's images. */
  trained: TrainedRun['scores'];
  how: SweepEval;
  /** A path of features is from here. */
  from: string;
  signal: AbortSignal;
}

export async function scoreRun(
  { config }: SweepRun,
  { folder, trained, how, from, signal }: ScoreOptions,
  log: Log,
): Promise<Record<string, number>> {
  const dataset = await loadData(config, log, signal);
  try {
    const features = how.features === undefined ? undefined : resolve(from, how.features);
    if (features === undefined && !fitsClassifier(dataset)) return trained;
    const { metrics, modes } = await compareWith(
      folder,
      { ...how, features, dataset, source: config.data, timeLimitMs: TIME_LIMIT_MS, signal },
      log,
    );
    const scores = Object.entries(metrics).map(([name, { value }]) => [name, value] as const);
    return {
      // Such as χ², where a class that is drawn is not in the data's part.
      ...Object.fromEntries(scores.filter(([, value]) => Number.isFinite(value))),
      ...(modes && { 'classes drawn': coveredModes(modes.real, modes.generated) }),
    };
  } finally {
    await dataset.close?.();
  }
}
