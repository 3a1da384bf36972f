/** Trains into a run folder: a new run, one that goes on, or one that goes back because it diverged. */
import { setImmediate } from 'node:timers/promises';
import { type CheckpointChoice, changesAt, type Run } from '@ganport/model/node';
import { expectNoBatchUnderPenalty } from './batch-statistics.ts';
import type { TrainConfig } from './config.ts';
import { expectUnboundedOutput } from './discriminator-output.ts';
import { DivergenceError } from './divergence.ts';
import { type ChosenEngine, chooseEngine, type EngineChoice } from './engines.ts';
import { resolveGan } from './gan.ts';
import { type LoopOptions, loop } from './loop.ts';
import { expectMemory } from './memory.ts';
import { claimRun } from './new-run.ts';
import { buildRecipe } from './recipe/index.ts';
import type { Recipe } from './recipe/recipe.ts';
import { initialStateWithPauses } from './recipe/state.ts';
import { loadRun, type SavedState } from './resume.ts';
import { mayReturn, returnsOf, withLowerRate } from './returns.ts';
import { lockRun, type RunLock } from './run-lock.ts';
import { openRun, tidyRun } from './run-writer.ts';
import { hasEvents, withEvents } from './tensorboard/event-file.ts';

export interface TrainOptions extends EngineChoice, LoopOptions {
  /** See `CreateOptions`. */
  tf32: boolean;
  versions: Record<string, string>;
  folder: string;
  /** For a new run whose folder nobody named: takes a free name, with -2, -3, … added. */
  free?: boolean;
  /** Go on with the folder's run, in place of starting a new one in it. */
  resume: boolean;
  /** Which checkpoint a resumed run goes on from: what came after it is trained anew. The latest by default. */
  checkpoint?: CheckpointChoice | undefined;
  /** Writes metrics and pictures as an event file of TensorBoard's, too. By default, where a resumed run has one. */
  tensorboard?: boolean;
  /** Told before the first step, with the folder trained into. */
  onStart?: (chosen: ChosenEngine, folder: string) => void;
}

export interface TrainResult {
  folder: string;
  /** Steps done, those before resuming included. */
  step: number;
  /** Steps done by this call; 0 for a run that had no more to do. */
  trained: number;
  interrupted: boolean;
  scores: Record<string, number>;
  /** What is wrong with the training as it ended, a line each. */
  warnings: string[];
}

/**
 * Trains a GAN into a run folder. What step t does depends only on the configuration, the data and
 * t, so N steps and then M more in a resumed run equal N + M steps. When the losses, the state, the
 * images or their scores stop being finite, it goes back to the last checkpoint with half the learning
 * rate, as often as the configuration has it.
 * @throws ModelError for a configuration, data set or checkpoint that does not fit, and for training
 * that diverges once more; the last checkpoint, if any, stays.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { config, dataset, folder, onNotice } = options;
  const gan = resolveGan(config, dataset);
  // A run that began before this was checked may go on.
  if (!options.resume) {
    expectUnboundedOutput(gan.discriminator, config.loss);
    expectNoBatchUnderPenalty(gan.discriminator, config.penalties);
  }
  const recipe = buildRecipe(gan, config, dataset);
  expectMemory(recipe, options.device === 'cpu' ? 'step' : 'state');
  if (!options.resume)
    return trainFrom({ begin: await beginningOf(recipe, config) }, recipe, options);
  // Before it is read: another run would change it.
  const lock = await lockRun(folder, onNotice);
  try {
    return await goOn(recipe, options);
  } finally {
    await lock.release();
  }
}

async function beginningOf(recipe: Recipe, { seed }: TrainConfig): Promise<SavedState> {
  // With pauses, in which Ctrl-C is heard.
  const state = await initialStateWithPauses(recipe, seed, () => setImmediate());
  return { step: 0, state, scores: {}, best: undefined };
}

/**
 * Goes on with a run whose folder is locked.
 * @param why it goes back, where training has diverged
 */
async function goOn(recipe: Recipe, options: TrainOptions, why?: string): Promise<TrainResult> {
  const { config, dataset, folder, checkpoint, onNotice } = options;
  const { run: was, saved } = await loadRun(folder, {
    ...{ config, dataset, checkpoint, onNotice },
    tensors: recipe.state,
  });
  const begin = saved ?? (await beginningOf(recipe, config));
  if (begin.step < config.steps) return trainFrom({ begin, was, why }, recipe, options);
  await tidyRun(folder, begin, onNotice);
  const { step, scores } = begin;
  return { folder, step, trained: 0, interrupted: false, scores, warnings: [] };
}

interface Beginning {
  begin: SavedState;
  /** A run to go on with, as it was when it was left. */
  was?: Run;
  why?: string | undefined;
}

async function trainFrom(
  from: Beginning,
  recipe: Recipe,
  options: TrainOptions,
): Promise<TrainResult> {
  const { begin, was } = from;
  const { config, onStart, onNotice } = options;
  const started = await chooseEngine(recipe, begin.state, options);
  const { engine, chosen } = started;
  const run = describeRun(from, recipe, options, chosen);
  let claimed: RunLock | undefined;
  let folder = options.folder;
  try {
    try {
      // A new run's folder is made only now: without an engine, nothing is left.
      if (was) await tidyRun(folder, begin, onNotice);
      else claimed = await claimRun(folder, options);
      folder = claimed?.folder ?? folder;
      const own = await openRun(folder, run);
      const { tensorboard = hasEvents(folder) } = options;
      const writer = tensorboard ? withEvents(own, { folder, step: begin.step }) : own;
      onStart?.(started, folder);
      const going = { begin, recipe, engine, device: chosen.device, folder, writer };
      const ended = await loop({ ...going, returns: returnsOf(run) }, options);
      const { step } = ended;
      return { folder, ...ended, trained: step - begin.step, interrupted: step < config.steps };
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (!(error instanceof DivergenceError) || !mayReturn(run, config)) throw error;
    return await goBack(error, { ...options, ...chosen, folder }, begin.step);
  } finally {
    await claimed?.release();
  }
}

/** Goes on from the last checkpoint with a lower learning rate. @param began the step that was begun from */
async function goBack(
  { found, saved }: DivergenceError,
  options: TrainOptions,
  began: number,
): Promise<TrainResult> {
  const { onStart: _, checkpoint: __, ...rest } = options;
  const config = withLowerRate(options.config);
  const line = `${found}: training goes back to step ${saved} with half the learning rate, now ${config.adam.learningRate}`;
  options.onNotice?.(line);
  const gan = resolveGan(config, options.dataset);
  const recipe = buildRecipe(gan, config, options.dataset);
  const result = await goOn(recipe, { ...rest, config, resume: true }, found);
  return { ...result, trained: result.step - began, warnings: [line, ...result.warnings] };
}

/** The run as it goes on from a step. */
function describeRun(
  { begin, was, why }: Beginning,
  recipe: Recipe,
  { config, dataset, threads, tf32, versions }: TrainOptions,
  chosen: ChosenEngine['chosen'],
): Run {
  const { name, count, sha256, classes } = dataset;
  const run: Run = {
    format: 1,
    config,
    dataset: { name, count, sha256, ...(recipe.sampler.label && { classes }) },
    ...chosen,
    threads,
    tf32,
    versions,
  };
  if (!was) return run;
  const changes = changesAt(begin.step, was, run).map((change) =>
    why ? { ...change, why } : change,
  );
  const history = [...(was.history ?? []), ...changes];
  return history.length > 0 ? { ...run, history } : run;
}
