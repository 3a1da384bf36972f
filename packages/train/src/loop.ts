/** The loop: steps, and what is looked at, told and saved on the way. */
import { ModelError } from '@ganport/model';
import type { RunDevice } from '@ganport/model/run';
import { firstLine, type TypedArray } from '@ganport/onnx';
import { createAlarm } from './alarm.ts';
import type { TrainConfig } from './config.ts';
import type { Dataset } from './data/dataset.ts';
import { expectFinite, whatIsSaved } from './divergence.ts';
import type { Engine, Metrics } from './engine.ts';
import { createEvaluator } from './evaluate/evaluation.ts';
import type { Extractor } from './evaluate/extractor.ts';
import { decisive, isBetter } from './evaluate/metrics.ts';
import type { EncodePng } from './evaluate/samples.ts';
import { generatorGradient } from './generator-gradient.ts';
import { explainMemoryError } from './memory-error.ts';
import { pictureClock } from './picture-clock.ts';
import { feedsAt } from './recipe/index.ts';
import type { Recipe } from './recipe/recipe.ts';
import type { SavedState } from './resume.ts';
import type { Return } from './returns.ts';
import type { RunWriter } from './run-writer.ts';

export interface Score {
  step: number;
  /** Of the metric that tells which checkpoint is the best. */
  name: string;
  value: number;
  best: number;
}

export interface LoopOptions {
  config: TrainConfig;
  dataset: Dataset;
  /** Ends training after the step under way, the first at the earliest, with a checkpoint. */
  signal?: AbortSignal;
  onStep?: (step: number, metrics: Metrics) => void;
  /** Told of each checkpoint's score, before it is saved. */
  onScore?: (score: Score) => void;
  /** Told in one line what a person should know of the engine, and of training that goes wrong. */
  onNotice?: (line: string) => void;
}

/** What of the machine a run needs beside an engine: Node's, or a page's. */
export interface LoopHost {
  encodePng: EncodePng;
  /** A classifier of the data's classes, if there is one. Whoever opens it closes it. */
  openClassifier(dataset: Dataset): Promise<(Extractor & { close(): Promise<void> }) | undefined>;
  /**
   * Lets others have the thread between two steps: an engine may never leave it to them, and without this Ctrl-C
   * would not be heard. @returns whether the run is to be saved first as it stands; then it is asked again
   */
  pause(): Promise<'save' | undefined>;
  /** Least steps between two pictures by the clock, where it takes time to get the weights off the device. */
  picturesApart?: number;
}

/** What is trained, with what, and into what. */
export interface Going {
  begin: SavedState;
  recipe: Recipe;
  engine: Engine;
  device: RunDevice;
  /** See `Standing`. */
  folder?: string | undefined;
  writer: RunWriter;
  /** Times that training has gone back before, see `returnsOf`. */
  returns: readonly Return[];
}

/** How training ended. */
export interface Ended {
  step: number;
  scores: Record<string, number>;
  /** What is wrong with it, a line each. */
  warnings: string[];
}

/**
 * Trains to the last step, or until the signal.
 * @throws DivergenceError when the losses, the state, the images or their scores stop being finite
 * @throws ModelError when a step fails, or the folder cannot be written
 */
export async function loop(
  { begin, recipe, engine, device, folder, writer, returns }: Going,
  { config, dataset, signal, onStep, onScore, onNotice }: LoopOptions,
  { encodePng, openClassifier, pause, picturesApart = 1 }: LoopHost,
): Promise<Ended> {
  const { every } = config;
  let { step, scores } = begin;
  let saved = step;
  const expectSound = (values: Parameters<typeof expectFinite>[0]) =>
    expectFinite(values, { step, saved, config, folder, returns });
  const draw: Engine['sample'] = async (...drawn) => {
    const images = await engine.sample(...drawn);
    expectSound({ 'the generated images': images });
    return images;
  };
  const latent = recipe.sampler.z.shape[1] as number;
  const classifier = await openClassifier(dataset);
  try {
    const evaluator = await createEvaluator({
      ...{ draw, dataset, latent, classifier, encodePng },
      classes: recipe.sampler.label ? dataset.classes!.length : 0,
    });
    /** Whether what is wrong may be other than it was: as an alarm is told, and with each picture. */
    let judged = false;
    const classes = recipe.sampler.label !== undefined;
    const alarm = createAlarm({ ...config, classes }, (line) => {
      judged = true;
      onNotice?.(line);
    });
    const clock = pictureClock();
    let best = begin.best?.scores;
    let feeds = feedsAt(recipe, step + 1);
    let ended: boolean;
    let drawn = step;
    const save = async () => {
      // What is saved already may be asked for again.
      if (saved === step) return;
      const state = await engine.state();
      expectSound(state);
      const evaluated = await evaluator.evaluate();
      scores = evaluated.scores;
      expectSound(scores);
      const { variety, modes, kinds, accuracy } = evaluated;
      const gradient = generatorGradient(state, config, step);
      await writer.logMetrics({
        ...{ step, ...scores, variety, gGradient: gradient.now },
        ...(modes && { modes }),
        ...(kinds && { kinds: kinds.pictures }),
        ...(accuracy !== undefined && { accuracy }),
      });
      const isBest = isBetter(scores, best);
      const name = decisive(scores, best) ?? decisive(scores)!;
      if (isBest) best = scores;
      onScore?.({ step, name, value: scores[name]!, best: best![name]! });
      alarm.look(step, { ...evaluated, gradient });
      judged = true;
      await writer.saveSamples(step, evaluated.samples);
      clock.taken();
      await writer.saveCheckpoint({ step, tensors: recipe.state, state, scores, best: isBest });
      [saved, drawn] = [step, step];
    };

    do {
      step += 1;
      const stepping = takeStep(engine, await feeds, { step, saved, device });
      // Made while the step runs. What goes wrong is met where they are taken.
      feeds = feedsAt(recipe, step + 1);
      feeds.catch(() => undefined);
      const metrics = await stepping;
      expectSound(metrics);
      onStep?.(step, metrics);
      alarm.step(step, metrics);
      if (step % every.metrics === 0) await writer.logMetrics({ step, ...metrics });

      while ((await pause()) === 'save') await save();
      // Asked once a step: what ends training also saves it.
      ended = step === config.steps || signal?.aborted === true;
      if (ended || step % every.checkpoint === 0) {
        await save();
      } else if (clock.due() && step - drawn >= picturesApart) {
        const seen = await evaluator.look();
        alarm.look(step, seen);
        judged = true;
        await writer.saveSamples(step, seen.samples);
        clock.taken();
        drawn = step;
      }
      if (judged) await writer.saveWarnings(alarm.standing());
      judged = false;
    } while (!ended);
    return { step, scores, warnings: alarm.standing() };
  } finally {
    await classifier?.close();
  }
}

/** @throws ModelError that says at which step, and what would help */
async function takeStep(
  engine: Engine,
  feeds: Readonly<Record<string, TypedArray>>,
  { step, saved, device }: { step: number; saved: number; device: RunDevice },
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
