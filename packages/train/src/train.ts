/** The training loop. */
import { setImmediate } from 'node:timers/promises';
import { ModelError } from '@ganport/model';
import { type CheckpointChoice, changesAt, type Run } from '@ganport/model/node';
import { firstLine, type TypedArray } from '@ganport/onnx';
import type { Device } from '@ganport/runtime/node';
import { createAlarm } from './alarm.ts';
import { expectNoBatchUnderPenalty } from './batch-statistics.ts';
import type { TrainConfig } from './config.ts';
import type { Dataset } from './data/index.ts';
import { expectUnboundedOutput } from './discriminator-output.ts';
import { expectFinite, whatIsSaved } from './divergence.ts';
import type { Engine, Metrics } from './engine.ts';
import { type ChosenEngine, chooseEngine, type EngineChoice } from './engines.ts';
import { createEvaluator } from './evaluate/evaluation.ts';
import { decisive, isBetter } from './evaluate/metrics.ts';
import { resolveGan } from './gan.ts';
import { expectMemory } from './memory.ts';
import { explainMemoryError } from './memory-error.ts';
import { claimRun } from './new-run.ts';
import { type OpenExtractor, openClassifier } from './open-extractor.ts';
import { pictureClock } from './picture-clock.ts';
import { buildRecipe, feedsAt } from './recipe/index.ts';
import type { Recipe } from './recipe/recipe.ts';
import { initialStateWithPauses } from './recipe/state.ts';
import { loadRun, type SavedState } from './resume.ts';
import { lockRun, type RunLock } from './run-lock.ts';
import { openRun, tidyRun } from './run-writer.ts';

export interface TrainOptions extends EngineChoice {
  config: TrainConfig;
  dataset: Dataset;
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
  /** Which checkpoint a resumed run goes on from: what came after it is trained anew. The latest by default. */
  checkpoint?: CheckpointChoice | undefined;
  /** Ends training after the step under way, the first at the earliest, with a checkpoint. */
  signal?: AbortSignal;
  /** Told before the first step, with the folder trained into. */
  onStart?: (chosen: ChosenEngine, folder: string) => void;
  onStep?: (step: number, metrics: Metrics) => void;
  /** Told of each checkpoint's score, before it is saved. */
  onScore?: (score: Score) => void;
  /** Told in one line what a person should know of the engine, and of training that goes wrong. */
  onNotice?: (line: string) => void;
}

export interface Score {
  step: number;
  /** Of the metric that tells which checkpoint is the best. */
  name: string;
  value: number;
  best: number;
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
 * t, so N steps and then M more in a resumed run equal N + M steps.
 * @throws ModelError for a configuration, data set or checkpoint that does not fit, and when the
 * losses, the state, the images or their scores stop being finite; the last checkpoint, if any, stays.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { config, dataset, folder, checkpoint, onNotice } = options;
  const gan = resolveGan(config, dataset);
  // A run that began before this was checked may go on.
  if (!options.resume) {
    expectUnboundedOutput(gan.discriminator, config.loss);
    expectNoBatchUnderPenalty(gan.discriminator, config.penalties);
  }
  const recipe = buildRecipe(gan, config, dataset);
  expectMemory(recipe, options.device === 'cpu' ? 'step' : 'state');
  const beginning = async (): Promise<SavedState> => {
    // With pauses, in which Ctrl-C is heard.
    const state = await initialStateWithPauses(recipe, config.seed, () => setImmediate());
    return { step: 0, state, scores: {}, best: undefined };
  };
  if (!options.resume) return trainFrom(await beginning(), recipe, options);
  // Before it is read: another run would change it.
  const lock = await lockRun(folder, onNotice);
  try {
    const { run, saved } = await loadRun(folder, {
      ...{ config, dataset, checkpoint, onNotice },
      tensors: recipe.state,
    });
    const begin = saved ?? (await beginning());
    if (begin.step < config.steps) return await trainFrom(begin, recipe, options, run);
    await tidyRun(folder, begin, onNotice);
    const { step, scores } = begin;
    return { folder, step, trained: 0, interrupted: false, scores, warnings: [] };
  } finally {
    await lock.release();
  }
}

/** @param was a resumed run, as it was at the step to begin from */
async function trainFrom(
  begin: SavedState,
  recipe: Recipe,
  options: TrainOptions,
  was?: Run,
): Promise<TrainResult> {
  const { config, dataset, signal, onStart, onStep, onScore, onNotice } = options;
  const { every } = config;
  const started = await chooseEngine(recipe, begin.state, options);
  const { engine, chosen } = started;
  // A new run's folder is made only now: without an engine, nothing is left.
  let claimed: RunLock | undefined;
  let classifier: OpenExtractor | undefined;
  try {
    if (was) await tidyRun(options.folder, begin, options.onNotice);
    else claimed = await claimRun(options.folder, options);
    const folder = claimed?.folder ?? options.folder;
    const run = await openRun(
      folder,
      describeRun(recipe, options, chosen, was && { was, at: begin.step }),
    );
    onStart?.(started, folder);
    const draw: Engine['sample'] = async (...drawn) => {
      const images = await engine.sample(...drawn);
      expectSound({ 'the generated images': images });
      return images;
    };
    const latent = recipe.sampler.z.shape[1] as number;
    classifier = await openClassifier(dataset, options.threads, onNotice);
    const evaluator = await createEvaluator({
      ...{ draw, dataset, latent, classifier },
      classes: recipe.sampler.label ? dataset.classes!.length : 0,
    });
    const alarm = createAlarm(config, (line) => onNotice?.(line));
    const clock = pictureClock();
    let { step, scores } = begin;
    let saved = step;
    const expectSound = (values: Parameters<typeof expectFinite>[0]) =>
      expectFinite(values, { step, saved, config, folder });
    let best = begin.best?.scores;
    let feeds = feedsAt(recipe, step + 1);
    let ended: boolean;

    do {
      step += 1;
      const stepping = takeStep(engine, await feeds, { step, saved, device: chosen.device });
      // Made while the step runs. What goes wrong is met where they are taken.
      feeds = feedsAt(recipe, step + 1);
      feeds.catch(() => undefined);
      const metrics = await stepping;
      expectSound(metrics);
      onStep?.(step, metrics);
      alarm.step(step, metrics);
      if (step % every.metrics === 0) run.logMetrics({ step, ...metrics });

      // Asked once a step: what ends training also saves it.
      ended = step === config.steps || signal?.aborted === true;
      if (ended || step % every.checkpoint === 0) {
        const state = await engine.state();
        expectSound(state);
        const evaluated = await evaluator.evaluate();
        scores = evaluated.scores;
        expectSound(scores);
        run.logMetrics({ step, ...scores });
        const isBest = isBetter(scores, best);
        const name = decisive(scores, best) ?? decisive(scores)!;
        if (isBest) best = scores;
        onScore?.({ step, name, value: scores[name]!, best: best![name]! });
        alarm.look(step, evaluated);
        await run.saveSamples(step, evaluated.samples);
        clock.taken();
        await run.saveCheckpoint({ step, tensors: recipe.state, state, scores, best: isBest });
        saved = step;
      } else if (clock.due()) {
        const seen = await evaluator.look();
        alarm.look(step, seen);
        await run.saveSamples(step, seen.samples);
        clock.taken();
      }
      // An engine may never leave the thread to others: without this, Ctrl-C would not be heard.
      await setImmediate();
    } while (!ended);
    const trained = step - begin.step;
    const interrupted = step < config.steps;
    return { folder, step, trained, interrupted, scores, warnings: alarm.standing() };
  } finally {
    await claimed?.release();
    await classifier?.close();
    await engine.close();
  }
}

/** @throws ModelError that says at which step, and what would help */
async function takeStep(
  engine: Engine,
  feeds: Readonly<Record<string, TypedArray>>,
  { step, saved, device }: { step: number; saved: number; device: Device },
): Promise<Metrics> {
  try {
    return await engine.step(feeds);
  } catch (error) {
    const why = explainMemoryError(error, device) ?? firstLine(error);
    throw new ModelError(`training failed at step ${step}: ${why}. ${whatIsSaved(saved)}`, {
      cause: error,
    });
  }
}

/** @param resumed the run as it was, and at which step it goes on */
function describeRun(
  recipe: Recipe,
  { config, dataset, threads, tf32, versions }: TrainOptions,
  chosen: ChosenEngine['chosen'],
  resumed: { was: Run; at: number } | undefined,
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
  if (!resumed) return run;
  const { was, at } = resumed;
  const history = [...(was.history ?? []), ...changesAt(at, was, run)];
  return history.length > 0 ? { ...run, history } : run;
}
