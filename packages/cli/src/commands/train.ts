import { dirname, join, resolve } from 'node:path';
import { PRESETS, type PresetName } from '@ganport/model';
import type { CheckpointChoice } from '@ganport/model/node';
import {
  configSchema,
  DEFAULT_PRESET,
  duration,
  LOSS_ALIASES,
  LOSSES,
  type LossName,
  type Overrides,
  resolveConfig,
  withAbsoluteData,
} from '@ganport/train';
import { asUsage, command, UsageError } from '../command.ts';
import { readJson } from '../config-file.ts';
import { type DataFlags, dataFlags, pictureSettings } from '../data.ts';
import { ENGINE_FLAGS, type EngineFlags, engineFlags } from '../engine-flags.ts';
import { checkpointChoice, choice, given, integer, number, text } from '../flags.ts';
import { commandLine } from '../invocation.ts';
import {
  COMMAND_LINE,
  DEFAULT_ENGINE,
  resumedTraining,
  runTraining,
  type Training,
} from '../training.ts';
import { openWatch, portOrDefault, WATCH_PORT } from '../watching.ts';

const { steps, batch, seed, adam, every } = configSchema.shape;
const DATA_FLAGS = dataFlags('Images to learn from');

const PRESETS_OWN = "the preset's";

/** What a resumed run takes from its run.json, whatever the flags would say. */
const FIXED = [
  ...(['out', 'preset', 'config', 'data', 'batch', 'seed', 'loss'] as const),
  ...(['size', 'fit', 'channels', 'range', 'flip', 'on-bad-image'] as const),
];

export const train = command({
  usage: 'train',
  describe: 'Train a GAN into a run folder',
  examples: [
    ['train', 'The quick preset: about a minute on two cores'],
    ['train --preset conv --data mnist', 'Downloads MNIST first'],
    ['train --data folder:pictures --size 64', 'Your own pictures; each subfolder is a class'],
    ['train --watch', `With a page of how it goes, http://127.0.0.1:${WATCH_PORT}/`],
    ['train --config my-gan.json --out runs/mine', 'Networks and settings of your own'],
    ['train --resume runs/mine --steps 40000', 'Goes on, to 40000 steps in all'],
    [
      'train --resume runs/mine --checkpoint 2000 --learning-rate 1e-4',
      'Goes on from step 2000, with another learning rate',
    ],
  ],
  arguments: {},
  flags: {
    preset: {
      ...choice('Networks and settings to start from', Object.keys(PRESETS) as PresetName[]),
      defaultDescription: DEFAULT_PRESET,
    },
    config: text('JSON file of settings over the preset'),
    ...DATA_FLAGS,
    data: { ...DATA_FLAGS.data, defaultDescription: 'glyphs' },
    flip: { boolean: true, describe: 'Mirror half of what a step sees', group: 'Options:' },
    steps: { ...integer('steps', 'Steps to train', steps), defaultDescription: PRESETS_OWN },
    batch: { ...integer('batch', 'Images per step', batch), defaultDescription: PRESETS_OWN },
    seed: {
      ...integer('seed', 'All that is random follows from it', seed),
      defaultDescription: '0',
    },
    loss: {
      ...choice('Adversarial loss', [LOSSES, LOSS_ALIASES].flatMap(Object.keys) as LossName[]),
      defaultDescription: "the preset's",
    },
    'learning-rate': {
      ...number('learning-rate', "Adam's", adam.shape.learningRate),
      defaultDescription: PRESETS_OWN,
    },
    'log-every': {
      ...integer('log-every', 'Steps between lines of metrics', every.shape.metrics),
      defaultDescription: PRESETS_OWN,
    },
    'checkpoint-every': {
      ...integer('checkpoint-every', 'Steps between checkpoints', every.shape.checkpoint),
      defaultDescription: PRESETS_OWN,
    },
    ...ENGINE_FLAGS,
    out: { ...text('Run folder to make'), defaultDescription: 'runs/NAME-TIME' },
    resume: text(
      `Run folder to go on with; all may change but ${FIXED.map((name) => `--${name}`).join(', ')}`,
    ),
    checkpoint: checkpointChoice('Where a resumed run goes on from'),
    tensorboard: {
      boolean: true,
      describe:
        'Write event files of TensorBoard into the run folder, too; a resumed run goes on with it',
      group: 'Options:',
    },
    watch: portOrDefault(
      'watch',
      'Show curves and pictures in a page of this machine, at this port',
    ),
  },
  async run(options, log) {
    const training =
      options.resume === undefined
        ? await newTraining(options)
        : await resumed(options.resume, options);
    const watch = options.watch === undefined ? undefined : await openWatch(options.watch, log);
    const began = performance.now();
    const onStart = watch && {
      onStart(folder: string) {
        watch.show(folder);
        log(`Watch it at ${watch.url}`);
      },
    };
    const { result, exitCode } = await runTraining(training, log, onStart).finally(() =>
      watch?.close(),
    );
    const { folder, step, trained, interrupted, warnings } = result;
    const took = duration((performance.now() - began) / 1000);
    const wrong = warnings.map((line) => `Warning: ${line}.\n`).join('');
    if (interrupted) {
      const text = `${wrong}Stopped at step ${step}. Go on with: ${commandLine('train', '--resume', folder)}`;
      return { json: result, text, exitCode };
    }
    const done =
      trained > 0
        ? `Trained ${trained} steps in ${took}; samples are in ${join(folder, 'samples')}.`
        : `${folder} has done its ${step} steps already: more are done with a larger --steps.`;
    return { json: result, text: `${wrong}${done}\nNext: ${commandLine('export', folder)}` };
  },
});

interface Flags extends DataFlags, EngineFlags {
  preset?: PresetName | undefined;
  config?: string | undefined;
  steps?: number | undefined;
  flip?: boolean | undefined;
  batch?: number | undefined;
  seed?: number | undefined;
  loss?: LossName | undefined;
  'learning-rate'?: number | undefined;
  'log-every'?: number | undefined;
  'checkpoint-every'?: number | undefined;
  tensorboard?: boolean | undefined;
  out?: string | undefined;
  checkpoint?: CheckpointChoice | undefined;
}

/** A new run: preset, then the file over it, then the flags. */
async function newTraining(flags: Flags): Promise<Training> {
  if (flags.checkpoint !== undefined) {
    throw new UsageError('--checkpoint is for a run that goes on: expected --resume RUN with it');
  }
  const { preset, config: path, data, batch, seed, loss, flip } = flags;
  const flagged = {
    ...given({ preset, data, batch, seed, loss, flip }),
    ...pictureSettings(flags),
  };
  const settings = asUsage(() =>
    withAbsoluteData({ ...flagged, ...changeable(flags) }, COMMAND_LINE, '.'),
  );
  const read = path === undefined ? {} : await readJson(path, '--config');
  const file = asUsage(() => withAbsoluteData(read, path ?? 'no file', dirname(path ?? '.')));
  const sources = [
    [path ?? 'no file', file],
    [COMMAND_LINE, settings],
  ] as const;
  const config = asUsage(() => resolveConfig(sources));
  const fit: Training['fit'] = (image) => resolveConfig(sources, image);
  const { out, tensorboard } = flags;
  const folder = out ?? join('runs', `${config.name}-${timestamp()}`);
  const free = out === undefined;
  const how = { ...DEFAULT_ENGINE, ...engineFlags(flags), ...given({ tensorboard }) };
  return { config, fit, folder, free, resume: false, ...how };
}

/** A run's own settings, of which some flags change some. */
async function resumed(folder: string, flags: Flags): Promise<Training> {
  const fixed = FIXED.find((name) => flags[name] !== undefined);
  if (fixed) {
    throw new UsageError(
      `--${fixed} cannot change a run that is resumed: expected only --steps, --learning-rate, --log-every, --checkpoint-every, --data-dir, or what trains it`,
    );
  }
  const { checkpoint, tensorboard } = flags;
  const training = await resumedTraining(folder, changeable(flags));
  return { ...training, ...given({ checkpoint, tensorboard }), ...engineFlags(flags) };
}

/** Settings that may change from one part of a run to the next, as far as they were given. */
function changeable(flags: Flags): Overrides {
  const { steps, 'data-dir': data, 'learning-rate': learningRate } = flags;
  const dataDir = data === undefined ? data : resolve(data);
  const { 'log-every': metrics, 'checkpoint-every': checkpoint } = flags;
  return {
    ...given({ steps, dataDir }),
    ...(learningRate !== undefined && { adam: { learningRate } }),
    every: given({ metrics, checkpoint }),
  };
}

/** Local time as 20261231-235959. */
function timestamp(): string {
  const local = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}
