/** The training loop. */
import { setImmediate } from 'node:timers/promises';
import { latentBatch, ModelError, STREAM } from '@ganport/model';
import type { Run } from '@ganport/model/node';
import { firstLine } from '@ganport/onnx';
import type { Device } from '@ganport/runtime/node';
import type { TrainConfig } from './config.ts';
import { batchOrder, type Dataset } from './data/index.ts';
import { expectFinite } from './divergence.ts';
import type { Engine, Metrics, StepInput } from './engine.ts';
import { type ChosenEngine, chooseEngine, type EngineChoice } from './engines.ts';
import { evaluation } from './evaluate/evaluation.ts';
import { isBetter } from './evaluate/metrics.ts';
import { type Gan, initialState, resolveGan, stateTensors } from './gan.ts';
import { explainMemoryError } from './memory-error.ts';
import { claimRun } from './new-run.ts';
import { loadState, type SavedState } from './resume.ts';
import { lockRun, type RunLock } from './run-lock.ts';
import { openRun, tidyRun } from './run-writer.ts';

export interface TrainOptions extends EngineChoice {
  config: TrainConfig;
  dataset: Dataset;
  /** Threads within an operator, on the CPU. */
  threads: number;
  /** See `EngineOptions`. */
  tf32: boolean;
  versions: Record<string, string>;
  folder: string;
  /** For a new run whose folder nobody named: takes a free name, with -2, -3, … added. */
  free?: boolean;
  /** Go on from the folder's latest checkpoint, in place of starting a new run in it. */
  resume: boolean;
  /** Ends training after the step under way, the first at the earliest, with a checkpoint. */
  signal?: AbortSignal;
  /** Told before the first step, with the folder trained into. */
  onStart?: (chosen: ChosenEngine, folder: string) => void;
  onStep?: (step: number, metrics: Metrics) => void;
  /** Told in one line what a person should know of the engine. */
  onNotice?: (line: string) => void;
}

export interface TrainResult {
  folder: string;
  /** Steps done, those before resuming included. */
  step: number;
  /** Steps done by this call; 0 for a run that had no more to do. */
  trained: number;
  interrupted: boolean;
  scores: Record<string, number>;
}

/**
 * Trains a GAN into a run folder. What step t does depends only on the configuration, the data and
 * t, so N steps and then M more in a resumed run equal N + M steps.
 * @throws ModelError for a configuration, data set or checkpoint that does not fit, and when the
 * losses, the state, the images or their scores stop being finite; the last checkpoint stays.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { config, dataset, folder, onNotice } = options;
  const gan = resolveGan(config, dataset);
  const beginning = (): SavedState => {
    const state = initialState(gan, config.seed, config.ema);
    return { step: 0, state, scores: {}, best: undefined };
  };
  if (!options.resume) return trainFrom(beginning(), gan, options);
  // Before it is read: another run would change it.
  const lock = await lockRun(folder, onNotice);
  try {
    const tensors = stateTensors(gan, config.ema);
    const saved = await loadState(folder, { dataset, tensors, onNotice });
    const begin = saved ?? beginning();
    await tidyRun(folder, begin);
    if (begin.step < config.steps) return await trainFrom(begin, gan, options);
    return { folder, step: begin.step, trained: 0, interrupted: false, scores: begin.scores };
  } finally {
    await lock.release();
  }
}

async function trainFrom(begin: SavedState, gan: Gan, options: TrainOptions): Promise<TrainResult> {
  const { config, dataset, resume, signal, onStart, onStep } = options;
  const { seed, batch, every } = config;
  const latent = gan.generator.inputs.z![0]!;
  const started = await chooseEngine(gan, begin.state, { ...config, ...options });
  const { engine, chosen } = started;
  // A new run's folder is made only now: without an engine, nothing is left.
  let claimed: RunLock | undefined;
  try {
    if (!resume) claimed = await claimRun(options.folder, options);
    const folder = claimed?.folder ?? options.folder;
    const run = await openRun(folder, describeRun(options, chosen));
    onStart?.(started, folder);
    const draw = async (z: Float32Array, count: number) => {
      const images = await engine.sample(z, count);
      expectFinite(step, { 'the generated images': images });
      return images;
    };
    const evaluate = await evaluation({ draw, dataset, latent });
    const tensors = stateTensors(gan, config.ema);
    const order = batchOrder(seed, batch, dataset.count);
    /** What step t, counted from 1, is given: a function of the seed and t alone. */
    const inputOf = async (t: number): Promise<StepInput> => {
      const z = latentBatch(seed, (t - 1) * 2 * batch, 2 * batch, latent, STREAM.training);
      return {
        step: t,
        images: await dataset.read(order(t - 1)),
        zDiscriminator: z.subarray(0, batch * latent),
        zGenerator: z.subarray(batch * latent),
      };
    };
    let { step, scores } = begin;
    let best = begin.best?.scores;

    do {
      // As many steps as the engine likes to run at once, up to the next checkpoint.
      const room = Math.min(every.checkpoint - (step % every.checkpoint), config.steps - step);
      const count = Math.min(engine.stepsPerRun, room);
      // An engine may never leave the thread to others: without this, Ctrl-C would not be heard.
      await setImmediate();
      const inputs = await Promise.all(
        Array.from({ length: count }, (_, i) => inputOf(step + 1 + i)),
      );
      for (const metrics of await runSteps(engine, inputs, { device: chosen.device, batch })) {
        step += 1;
        expectFinite(step, { ...metrics });
        onStep?.(step, metrics);
        if (step % every.metrics === 0) run.logMetrics({ step, ...metrics });
      }

      if (step % every.checkpoint === 0 || step === config.steps || signal?.aborted) {
        const state = await engine.state();
        expectFinite(step, state);
        const evaluated = await evaluate();
        scores = evaluated.scores;
        expectFinite(step, scores);
        run.logMetrics({ step, ...scores });
        await run.saveSamples(step, evaluated.samples);
        const isBest = isBetter(scores, best);
        if (isBest) best = scores;
        await run.saveCheckpoint({ step, tensors, state, scores, best: isBest });
      }
    } while (step < config.steps && !signal?.aborted);
    const trained = step - begin.step;
    return { folder, step, trained, interrupted: step < config.steps, scores };
  } finally {
    await claimed?.release();
    await engine.close();
  }
}

/** @throws ModelError that says at which step, and what would help */
async function runSteps(
  engine: Engine,
  inputs: readonly StepInput[],
  context: { device: Device; batch: number },
): Promise<Metrics[]> {
  try {
    return await engine.run(inputs);
  } catch (error) {
    const why = explainMemoryError(error, context) ?? firstLine(error);
    throw new ModelError(
      `training failed at step ${inputs[0]!.step}: ${why}. The last checkpoint is intact.`,
      { cause: error },
    );
  }
}

function describeRun(
  { config, dataset, threads, tf32, versions }: TrainOptions,
  chosen: ChosenEngine['chosen'],
): Run {
  const { name, count, sha256 } = dataset;
  return {
    format: 1,
    config,
    dataset: { name, count, sha256 },
    ...chosen,
    threads,
    tf32,
    versions,
  };
}
