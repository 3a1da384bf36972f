import { join } from 'node:path';
import { exportGenerator } from '@ganport/export';
import { isUnsaved, readCheckpoint, writeFileAtomic } from '@ganport/model/node';
import { configSchema, isUnused, resolveConfig } from '@ganport/train';
import { command, type Log } from '../command.ts';
import { given, integer, SHARED } from '../flags.ts';
import { commandLine } from '../invocation.ts';
import {
  COMMAND_LINE,
  DEFAULT_ENGINE,
  resumedTraining,
  runTraining,
  type Training,
} from '../training.ts';
import { versions } from '../versions.ts';
import { serveModels } from './serve.ts';

const FOLDER = join('runs', 'start');
const MODEL = join(FOLDER, 'generator.onnx');
const HOST = '127.0.0.1';

export const start = command({
  usage: 'start',
  describe: 'Train the quick preset, export it and serve it, in one command',
  examples: [
    ['start', `Trains into ${FOLDER}; a second time, it serves what is there`],
    ['start --steps 3000', 'Trains for longer, or goes on to 3000 steps'],
  ],
  arguments: {},
  flags: {
    port: SHARED.port,
    steps: {
      ...integer('steps', 'Steps to train', configSchema.shape.steps),
      defaultDescription: "the preset's",
    },
  },
  async run({ port, steps }, log) {
    const { createLog, expectFreePort } = await import('@ganport/serve');
    // Before minutes of training, not after.
    await expectFreePort(HOST, port);
    const training = await remainingTraining(steps);
    if (training) {
      const { result, exitCode } = await runTraining(training, log);
      if (result.interrupted) {
        const text = `Stopped at step ${result.step}. Go on with: ${commandLine('start')}`;
        return { json: result, text, exitCode };
      }
    } else log(`Using ${FOLDER}, trained before; remove it to train anew.`);
    await exportModel(log);
    return serveModels(
      { model: [{ model: MODEL }], host: HOST, port, log: createLog('warn') },
      log,
    );
  },
});

/** What is left to train in the folder, by the run's own settings if there is one; or nothing. */
async function remainingTraining(steps: number | undefined): Promise<Training | undefined> {
  const changes = given({ steps });
  if (await isUnused(FOLDER)) {
    const config = resolveConfig([[COMMAND_LINE, { preset: 'quick', ...changes }]]);
    return { config, folder: FOLDER, resume: false, ...DEFAULT_ENGINE };
  }
  try {
    const training = await resumedTraining(FOLDER, changes);
    if (await isUnsaved(FOLDER)) return training;
    const { step } = await readCheckpoint(FOLDER, 'latest');
    return step < training.config.steps ? training : undefined;
  } catch (error) {
    throw new Error(`${(error as Error).message}; or remove ${FOLDER} to train anew`, {
      cause: error,
    });
  }
}

async function exportModel(log: Log): Promise<void> {
  const { model, verified } = await exportGenerator(FOLDER, { version: versions().ganport });
  await writeFileAtomic(MODEL, model);
  log(
    `Exported ${MODEL}: its pictures differ from the trained network's by at most ${verified.levels} in 0…255.`,
  );
}
