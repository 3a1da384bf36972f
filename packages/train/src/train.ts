/** The training loop. */
import { latentBatch, STREAM } from '@ganport/model';
import { readCheckpoint, readRun, type Run } from '@ganport/model/node';
import type { TrainConfig } from './config.ts';
import { batchIndices, type Dataset, fillBatch } from './data/index.ts';
import type { Engine, Metrics, State } from './engine.ts';
import { initialState, resolveGan } from './gan.ts';
import { gridPng } from './grid.ts';
import { createOnnxRuntimeEngine, type OrtRuntime } from './onnxruntime-engine.ts';
import { createRun, reopenRun, type RunWriter } from './run-writer.ts';
import { slicedWasserstein } from './score.ts';
import { type Gan, stateTensors } from './step.ts';

/** Images of a sample grid, 8 × 8, and of a score. */
const GRID = 64;
const SCORED = 1024;
/** Seed of the fixed latents that sample grids and scores are drawn from. */
const FIXED_SEED = 42;

export interface TrainOptions {
  config: TrainConfig;
  dataset: Dataset;
  ort: OrtRuntime;
  device: string;
  threads: number;
  versions: Record<string, string>;
  folder: string;
  /** Go on from the folder's latest checkpoint, in place of starting a new run in it. */
  resume: boolean;
  /** Ends training after the step under way, with a checkpoint. */
  signal?: AbortSignal;
  onStep?: (step: number, metrics: Metrics) => void;
}

export interface TrainResult {
  folder: string;
  /** Steps done, those before resuming included. */
  step: number;
  interrupted: boolean;
  scores: Record<string, number>;
}

/**
 * Trains a GAN into a run folder. What step t does depends only on the configuration, the data and
 * t, so N steps and then M more in a resumed run equal N + M steps.
 * @throws ModelError for a configuration, data set or checkpoint that does not fit, and when the
 * losses stop being finite; the last checkpoint stays.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { config, dataset, ort, folder, threads, device, signal, onStep } = options;
  const { seed, batch, every } = config;
  const gan = resolveGan(config, dataset);
  const latent = gan.generator.inputs.z![0]!;
  const begin = options.resume
    ? await loadState(folder, gan, config)
    : { step: 0, state: initialState(gan, seed, config.ema), bestScore: Infinity };
  const providers = [device];
  const engine = await createOnnxRuntimeEngine(gan, begin.state, { ...config, ort, threads, providers });
  try {
    const run = options.resume
      ? await reopenRun(folder, begin.step)
      : await createRun(folder, describeRun(options));
    const references = referenceImages(dataset, Math.min(SCORED, dataset.count));
    const images = new Uint8Array(batch * dataset.height * dataset.width * dataset.channels);
    let { step, bestScore } = begin;
    let scores: Record<string, number> = {};

    while (step < config.steps && !signal?.aborted) {
      step += 1;
      fillBatch(dataset, batchIndices(seed, step - 1, batch, dataset.count), images);
      const z = latentBatch(seed, (step - 1) * 2 * batch, 2 * batch, latent, STREAM.training);
      const metrics = await engine.step({
        step,
        images,
        zDiscriminator: z.subarray(0, batch * latent),
        zGenerator: z.subarray(batch * latent),
      });
      expectFinite(metrics, step);
      onStep?.(step, metrics);
      if (step % every.metrics === 0) run.logMetrics({ step, ...metrics });

      if (step % every.checkpoint === 0 || step === config.steps || signal?.aborted) {
        const fakes = await draw(engine, references.length / imageSize(dataset), latent);
        const swd = slicedWasserstein(references, fakes, imageSize(dataset));
        scores = { swd };
        run.logMetrics({ step, swd });
        await run.saveSamples(step, await samplesPng(fakes.subarray(0, GRID * imageSize(dataset)), dataset));
        const best = swd < bestScore;
        await run.saveCheckpoint({ step, tensors: stateTensors(gan, config.ema), state: engine.state, scores, best });
        bestScore = Math.min(bestScore, swd);
      }
    }
    return { folder, step, interrupted: step < config.steps, scores };
  } finally {
    await engine.close();
  }
}
