/**
 * Training into a run's files, wherever they are and whatever the machine: a new run, one that goes on, or one that goes
 * back because it diverged. Node's is train.ts, a page's is web/train.ts.
 */
import {
  changesAt,
  type EngineName,
  type Run,
  type RunDevice,
  type RunStore,
} from '@ganport/model/run';
import { expectNoBatchUnderPenalty } from './batch-statistics.ts';
import { expectUnboundedOutput } from './discriminator-output.ts';
import { DivergenceError } from './divergence.ts';
import type { Engine, State } from './engine.ts';
import { resolveGan } from './gan.ts';
import { type Ended, type LoopHost, type LoopOptions, loop } from './loop.ts';
import { buildRecipe } from './recipe/index.ts';
import type { Recipe } from './recipe/recipe.ts';
import { initialStateWithPauses } from './recipe/state.ts';
import { loadRun, type ResumeOptions, type SavedState } from './resume.ts';
import { mayReturn, returnsOf, withLowerRate } from './returns.ts';
import { openRun, type RunWriter, tidyRun } from './run-writer.ts';

export interface ChosenEngine {
  engine: Engine;
  chosen: { engine: EngineName; device: RunDevice };
  /** Why those that would be faster were not: "" where there is none. */
  why: string;
}

/** A machine to train on. */
export interface TrainHost extends LoopHost {
  /** What run.json says of it. */
  threads: number;
  tf32: boolean;
  versions: Record<string, string>;
  /** Whether its command line can go on with a run, by the name of its files. */
  commandLine: boolean;
  /** @throws ModelError where memory will not suffice for a step */
  expectMemory?(recipe: Recipe): void;
  /** @param as which it was before, of a run that goes back. Whoever creates an engine closes it. */
  createEngine(recipe: Recipe, initial: State, as?: ChosenEngine['chosen']): Promise<ChosenEngine>;
  /** Where a new run goes: asked once there is an engine, so that without one nothing is left. */
  claim(): Promise<{ store: RunStore; release(): Promise<void> }>;
  /** Writes elsewhere too. @param step done before */
  alsoTo?(writer: RunWriter, store: RunStore, step: number): RunWriter;
}

export interface TrainOnOptions extends LoopOptions, Pick<ResumeOptions, 'checkpoint'> {
  /** Told before the first step, with how many were done before. */
  onStart?: (chosen: ChosenEngine, store: RunStore, step: number) => void;
}

export interface TrainedOn extends Ended {
  store: RunStore;
  /** Steps done by this call; 0 for a run that had no more to do. */
  trained: number;
  interrupted: boolean;
}

/**
 * Trains a GAN into a run's files. What step t does depends only on the configuration, the data and
 * t, so N steps and then M more in a resumed run equal N + M steps. When the losses, the state, the
 * images or their scores stop being finite, it goes back to the last checkpoint with half the learning
 * rate, as often as the configuration has it.
 * @param store of a run to go on with, which nobody else writes; none for a new one
 * @throws ModelError for a configuration, data set or checkpoint that does not fit, and for training
 * that diverges once more; the last checkpoint, if any, stays.
 */
export async function trainOn(
  host: TrainHost,
  store: RunStore | undefined,
  options: TrainOnOptions,
): Promise<TrainedOn> {
  const { config, dataset } = options;
  const gan = resolveGan(config, dataset);
  // A run that began before this was checked may go on.
  if (!store) {
    expectUnboundedOutput(gan.discriminator, config.loss);
    expectNoBatchUnderPenalty(gan.discriminator, config.penalties);
  }
  const recipe = buildRecipe(gan, config, dataset);
  host.expectMemory?.(recipe);
  const going: Going = { host, recipe, options };
  if (store) return goOn(store, going);
  return trainFrom({ begin: await beginningOf(going) }, going);
}

interface Going {
  host: TrainHost;
  recipe: Recipe;
  options: TrainOnOptions;
}

async function beginningOf({ host, recipe, options }: Going): Promise<SavedState> {
  // With pauses, in which Ctrl-C is heard.
  const state = await initialStateWithPauses(recipe, options.config.seed, host.pause);
  return { step: 0, state, scores: {}, best: undefined };
}

interface Back {
  /** Why the run goes back: training has diverged. */
  why: string;
  chosen: ChosenEngine['chosen'];
}

async function goOn(store: RunStore, going: Going, back?: Back): Promise<TrainedOn> {
  const { recipe, options } = going;
  const { config, dataset, checkpoint, onNotice } = options;
  const { run: was, saved } = await loadRun(store, {
    ...{ config, dataset, checkpoint, onNotice },
    tensors: recipe.state,
  });
  const begin = saved ?? (await beginningOf(going));
  if (begin.step < config.steps) return trainFrom({ begin, was, store, back }, going);
  await tidyRun(store, begin, onNotice);
  const { step, scores } = begin;
  return { store, step, trained: 0, interrupted: false, scores, warnings: [] };
}

interface Beginning {
  begin: SavedState;
  /** A run to go on with, as it was when it was left, and where it is. */
  was?: Run;
  store?: RunStore;
  back?: Back | undefined;
}

async function trainFrom(from: Beginning, going: Going): Promise<TrainedOn> {
  const { begin, back } = from;
  const { host, recipe, options } = going;
  const { config, onStart, onNotice } = options;
  const started = await host.createEngine(recipe, begin.state, back?.chosen);
  const { engine, chosen } = started;
  const run = describeRun(from, going, chosen);
  let claimed: Awaited<ReturnType<TrainHost['claim']>> | undefined;
  let { store } = from;
  try {
    try {
      if (store) await tidyRun(store, begin, onNotice);
      else claimed = await host.claim();
      store ??= claimed!.store;
      const own = await openRun(store, run);
      const writer = host.alsoTo?.(own, store, begin.step) ?? own;
      onStart?.(started, store, begin.step);
      const folder = host.commandLine ? store.name : undefined;
      const into = { begin, recipe, engine, device: chosen.device, folder, writer };
      const ended = await loop({ ...into, returns: returnsOf(run) }, options, host);
      const { step } = ended;
      return { store, ...ended, trained: step - begin.step, interrupted: step < config.steps };
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (!(error instanceof DivergenceError) || !store || !mayReturn(run, config)) throw error;
    return await goBack(error, { store, chosen, began: begin.step }, going);
  } finally {
    await claimed?.release();
  }
}

/** Goes on from the last checkpoint with a lower learning rate. */
async function goBack(
  { found, saved }: DivergenceError,
  { store, chosen, began }: Pick<Back, 'chosen'> & { store: RunStore; began: number },
  { host, options }: Going,
): Promise<TrainedOn> {
  const { onStart: _, checkpoint: __, ...rest } = options;
  const config = withLowerRate(options.config);
  const line = `${found}: training goes back to step ${saved} with half the learning rate, now ${config.adam.learningRate}`;
  options.onNotice?.(line);
  const gan = resolveGan(config, options.dataset);
  const recipe = buildRecipe(gan, config, options.dataset);
  const going: Going = { host, recipe, options: { ...rest, config } };
  const result = await goOn(store, going, { why: found, chosen });
  return { ...result, trained: result.step - began, warnings: [line, ...result.warnings] };
}

/** The run as it goes on from a step. */
function describeRun(
  { begin, was, back }: Beginning,
  { host, recipe, options }: Going,
  chosen: ChosenEngine['chosen'],
): Run {
  const { threads, tf32, versions } = host;
  const { name, count, sha256, classes } = options.dataset;
  const run: Run = {
    format: 1,
    config: options.config,
    dataset: { name, count, sha256, ...(recipe.sampler.label && { classes }) },
    ...chosen,
    threads,
    tf32,
    versions,
  };
  if (!was) return run;
  const changes = changesAt(begin.step, was, run).map((change) =>
    back ? { ...change, why: back.why } : change,
  );
  const history = [...(was.history ?? []), ...changes];
  return history.length > 0 ? { ...run, history } : run;
}
