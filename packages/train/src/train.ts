/** The training loop. */
import { availableParallelism } from 'node:os';
import { imageBytes, latentBatch, ModelError, STREAM, tileImages } from '@ganport/model';
import type { Run } from '@ganport/model/node';
import sharp from 'sharp';
import type { TrainConfig } from './config.ts';
import { batchOrder, type Dataset, fillBatch } from './data/index.ts';
import type { Engine, Metrics } from './engine.ts';
import { initialState, resolveGan } from './gan.ts';
import { createOnnxRuntimeEngine, type OrtRuntime } from './onnxruntime-engine.ts';
import { loadState } from './resume.ts';
import { createRun, reopenRun } from './run-writer.ts';
import { slicedWasserstein } from './score.ts';
import { stateTensors } from './step.ts';

/** Images of a sample grid, 8 × 8, and of a score. */
const GRID = 64;
const SCORED = 1024;
/** Seed of the fixed latents that sample grids and scores are drawn from. */
const FIXED_SEED = 42;

/** Threads for training: one per core, as reported to this process. */
export function defaultThreads(): number {
  return availableParallelism();
}

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
  /** Ends training after the step under way, the first at the earliest, with a checkpoint. */
  signal?: AbortSignal;
  onStep?: (step: number, metrics: Metrics) => void;
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
 * losses stop being finite; the last checkpoint stays.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { config, dataset, ort, folder, threads, device, signal, onStep } = options;
  const { seed, batch, every } = config;
  const gan = resolveGan(config, dataset);
  const latent = gan.generator.inputs.z![0]!;
  const begin = options.resume
    ? await loadState(folder, gan, { ema: config.ema, dataset })
    : { step: 0, state: initialState(gan, seed, config.ema), scores: {}, bestScore: Infinity };
  if (begin.step >= config.steps) {
    return { folder, step: begin.step, trained: 0, interrupted: false, scores: begin.scores };
  }
  const providers = [device];
  const engine = await createOnnxRuntimeEngine(gan, begin.state, {
    ...config,
    ort,
    threads,
    providers,
  });
  try {
    const run = options.resume
      ? await reopenRun(folder, describeRun(options), begin.step)
      : await createRun(folder, describeRun(options));
    const references = referenceImages(dataset, Math.min(SCORED, dataset.count));
    const order = batchOrder(seed, batch, dataset.count);
    const images = new Uint8Array(batch * dataset.height * dataset.width * dataset.channels);
    let { step, scores, bestScore } = begin;

    do {
      step += 1;
      fillBatch(dataset, order(step - 1), images);
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
        await run.saveSamples(
          step,
          await samplesPng(fakes.subarray(0, GRID * imageSize(dataset)), dataset),
        );
        const best = swd < bestScore;
        await run.saveCheckpoint({
          step,
          tensors: stateTensors(gan, config.ema),
          state: engine.state,
          scores,
          best,
        });
        bestScore = Math.min(bestScore, swd);
      }
    } while (step < config.steps && !signal?.aborted);
    const trained = step - begin.step;
    return { folder, step, trained, interrupted: step < config.steps, scores };
  } finally {
    await engine.close();
  }
}

function imageSize({ height, width, channels }: Dataset): number {
  return height * width * channels;
}

/** The first `count` images of the data, [count, C, H, W] in −1…1, as the discriminator sees them. */
function referenceImages(dataset: Dataset, count: number): Float32Array {
  const { channels, height, width } = dataset;
  const area = height * width;
  const images = new Float32Array(count * area * channels);
  for (let i = 0; i < images.length; i++) {
    const [image, channel, pixel] = [
      Math.floor(i / (area * channels)),
      Math.floor(i / area) % channels,
      i % area,
    ];
    images[i] = dataset.images[(image * area + pixel) * channels + channel]! / 127.5 - 1;
  }
  return images;
}

/** Images [count, C, H, W] of fixed latents, drawn a grid at a time. */
async function draw(engine: Engine, count: number, latent: number): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for (let start = 0; start < count; start += GRID) {
    const size = Math.min(GRID, count - start);
    parts.push(await engine.sample(latentBatch(FIXED_SEED, start, size, latent), size));
  }
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => {
    all.set(part, at);
    return at + part.length;
  }, 0);
  return all;
}

/** A PNG of images [count, C, H, W] in −1…1, eight to a row. */
function samplesPng(images: Float32Array, { height, width, channels }: Dataset): Promise<Buffer> {
  const count = images.length / (height * width * channels);
  const data = imageBytes(images, [channels, height, width]);
  const grid = tileImages(
    { count, height, width, channels, data },
    { columns: 8, gap: 1, background: 64 },
  );
  const raw = { width: grid.width, height: grid.height, channels };
  return sharp(grid.data, { raw }).png().toBuffer();
}

function expectFinite(metrics: Metrics, step: number): void {
  if (Object.values(metrics).every(Number.isFinite)) return;
  throw new ModelError(
    `training diverged: at step ${step} the losses are ${metrics.dLoss} and ${metrics.gLoss}; ` +
      'try a lower learning rate. The last checkpoint is intact.',
  );
}

function describeRun({ config, dataset, device, threads, versions }: TrainOptions): Run {
  const { name, count, sha256 } = dataset;
  return {
    format: 1,
    config,
    dataset: { name, count, sha256 },
    engine: 'onnxruntime',
    device,
    threads,
    versions,
  };
}
