/** Trains the labelled runs that are not there yet. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Dataset, loadDataset, resolveConfig, train } from '@ganport/train';
import { type Data, type LabelledRun, settingsOf } from './runs.ts';
import { shapes } from './shapes.ts';

/** In a run's folder once it has ended. */
export const OUTCOME = 'outcome.json';

export interface Outcome {
  /** The message of training that diverged. */
  diverged?: string;
}

export interface TrainRunsOptions {
  folder: string;
  /** MNIST's files; they are downloaded unless given. */
  mnist?: string | undefined;
  onProgress: (line: string) => void;
}

export async function trainRuns(
  runs: readonly LabelledRun[],
  { folder, mnist, onProgress }: TrainRunsOptions,
): Promise<void> {
  const missing = runs.filter(({ name }) => !existsSync(join(folder, name, OUTCOME)));
  for (const data of new Set(missing.map((run) => run.data))) {
    const dataset = await load(data, mnist);
    for (const run of missing.filter((each) => each.data === data)) {
      onProgress(`training ${run.name}`);
      await trainRun(run, dataset, join(folder, run.name));
    }
  }
}

function load(data: Data, mnist: string | undefined): Promise<Dataset> | Dataset {
  if (data === 'shapes') return shapes();
  return loadDataset({ source: data, ...(data === 'mnist' && mnist && { dataDir: mnist }) });
}

/** On one thread, so that machines with other numbers of cores train the same. */
async function trainRun(run: LabelledRun, dataset: Dataset, folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const config = resolveConfig([[run.name, settingsOf(run)]], dataset);
  const outcome: Outcome = {};
  try {
    await train({
      ...{ config, dataset, folder, resume: false, versions: {} },
      ...{ engine: 'onnxruntime', device: 'cpu', threads: 1, tf32: false },
    });
  } catch (error) {
    const { message } = error as Error;
    if (!message.startsWith('training diverged')) throw error;
    outcome.diverged = message;
  }
  writeFileSync(join(folder, OUTCOME), `${JSON.stringify(outcome)}\n`);
}
