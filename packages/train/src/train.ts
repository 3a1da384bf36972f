/** Trains into a run folder, in Node. */
import { setImmediate } from 'node:timers/promises';
import { folderStore } from '@ganport/model/node';
import { chooseEngine, type EngineChoice } from './engines.ts';
import { encodePng } from './evaluate/samples-png.ts';
import type { LoopOptions } from './loop.ts';
import { expectMemory } from './memory.ts';
import { claimRun } from './new-run.ts';
import { openClassifier } from './open-extractor.ts';
import type { ResumeOptions } from './resume.ts';
import { lockRun } from './run-lock.ts';
import { hasEvents, withEvents } from './tensorboard/event-file.ts';
import { type ChosenEngine, type TrainedOn, type TrainHost, trainOn } from './train-on.ts';

export interface TrainOptions extends EngineChoice, LoopOptions, Pick<ResumeOptions, 'checkpoint'> {
  /** Threads within an operator, on the CPU. */
  threads: number;
  /** See `CreateOptions`. */
  tf32: boolean;
  versions: Record<string, string>;
  folder: string;
  /** For a new run whose folder nobody named: takes a free name, with -2, -3, … added. */
  free?: boolean;
  /** Go on with the folder's run, in place of starting a new one in it. */
  resume: boolean;
  /** Writes metrics and pictures as an event file of TensorBoard's, too. By default, where a resumed run has one. */
  tensorboard?: boolean;
  /** Told before the first step, with the folder trained into. */
  onStart?: (chosen: ChosenEngine, folder: string) => void;
}

export interface TrainResult extends Omit<TrainedOn, 'store'> {
  folder: string;
}

/** Trains a GAN into a run folder, see `trainOn`. @throws ModelError, too, if another trains in it */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { folder, resume, onNotice, onStart, ...rest } = options;
  const run = async (going: boolean) => {
    const { store, ...result } = await trainOn(
      hostOf(options),
      going ? folderStore(folder) : undefined,
      {
        ...rest,
        ...(onNotice && { onNotice }),
        ...(onStart && { onStart: (chosen, { name }) => onStart(chosen, name) }),
      },
    );
    return { folder: store.name, ...result };
  };
  if (!resume) return run(false);
  // Before it is read: another run would change it.
  const lock = await lockRun(folder, onNotice);
  try {
    return await run(true);
  } finally {
    await lock.release();
  }
}

function hostOf(options: TrainOptions): TrainHost {
  const { threads, tf32, versions, device, dataset, tensorboard, onNotice } = options;
  return {
    ...{ threads, tf32, versions, encodePng },
    commandLine: true,
    expectMemory: (recipe) => expectMemory(recipe, device === 'cpu' ? 'step' : 'state'),
    createEngine: (recipe, initial, as) => chooseEngine(recipe, initial, { ...options, ...as }),
    async claim() {
      const { folder, release } = await claimRun(options.folder, options);
      return { store: folderStore(folder), release };
    },
    alsoTo: (writer, { name: folder }, step) =>
      (tensorboard ?? hasEvents(folder)) ? withEvents(writer, { folder, step }) : writer,
    openClassifier: () => openClassifier(dataset, threads, onNotice),
    async pause() {
      await setImmediate();
      return undefined;
    },
  };
}
