/**
 * The onnxruntime engine: keeps the state as pairs of buffers and runs the step graph from one into
 * the other, several steps at a time.
 */
import { samplerGraph } from '@ganport/model';
import { buildModel, encodeModel, sizeOf } from '@ganport/onnx';
import type { OrtRuntime } from '@ganport/runtime';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Engine, Metrics, State, StepInput, StepOptions } from '../engine.ts';
import { type Gan, type StateTensor, stateTensors } from '../gan.ts';
import { corrections } from './adam.ts';
import { buildStep, METRICS, NEXT, STEP } from './step.ts';

export interface OnnxRuntimeOptions extends StepOptions {
  ort: OrtRuntime;
  /** What the engine says it is. */
  description: string;
  /** Execution providers by preference. */
  providers: readonly InferenceSession.ExecutionProviderConfig[];
  /** Threads within an operator; 0 lets onnxruntime choose. */
  threads: number;
  /**
   * Steps of one graph: the state stays in it, and on its device, from one to the next. By default,
   * as many as take about a second and a half, from 1 to 10.
   */
  stepsPerRun?: number;
  /** Where to write a profile of one run, made before training: a path's beginning. */
  profilePrefix?: string;
}

/** Whoever creates an engine closes it. */
export async function createOnnxRuntimeEngine(
  gan: Gan,
  initial: State,
  options: OnnxRuntimeOptions,
): Promise<Engine> {
  const { ort, batch, ema, profilePrefix } = options;
  const { inputs, image: drawn } = samplerGraph(gan.generator, ema > 0);
  const samplerModel = buildModel({ name: 'sampler', inputs, outputs: { image: drawn } });
  const sampler = await createSession(encodeModel(samplerModel), options);
  /** By how many steps they take: one, or `stepsPerRun`. Each is made when it is needed. */
  const trainers = new Map<number, InferenceSession>();
  const trainerOf = async (steps: number): Promise<InferenceSession> => {
    const present = trainers.get(steps);
    if (present) return present;
    const profile = profilePrefix !== undefined && trainers.size === 0 ? profilePrefix : undefined;
    const session = await createSession(buildStep(gan, { ...options, steps }), options, profile);
    trainers.set(steps, session);
    return session;
  };

  const tensors = stateTensors(gan, ema);
  let [now, next] = [buffers(ort, tensors), buffers(ort, tensors)];
  for (const [name, tensor] of now) (tensor.data as Float32Array).set(initial[name]!);
  const [channels, height, width] = gan.discriminator.inputs.image as [number, number, number];
  const latent = sizeOf(gan.generator.inputs.z!);

  const feedsOf = (steps: readonly StepInput[]): Record<string, Tensor> => {
    const feeds = Object.fromEntries(now);
    steps.forEach(({ step, images, zDiscriminator, zGenerator }, i) => {
      feeds[STEP.images + i] = new ort.Tensor('uint8', images, [batch, height, width, channels]);
      feeds[STEP.discriminatorLatents + i] = float(ort, [batch, latent], zDiscriminator);
      feeds[STEP.generatorLatents + i] = float(ort, [batch, latent], zGenerator);
      feeds[STEP.corrections + i] = float(ort, [2], corrections(step, options.adam));
    });
    return feeds;
  };
  /** Runs the steps from `now` into `next`. */
  const runOnce = async (steps: readonly StepInput[]): Promise<Metrics[]> => {
    const trainer = await trainerOf(steps.length);
    const fetches = Object.fromEntries([...next].map(([name, tensor]) => [name + NEXT, tensor]));
    const metrics = float(ort, [steps.length, 4]);
    await trainer.run(feedsOf(steps), { ...fetches, [METRICS]: metrics });
    const values = metrics.data as Float32Array;
    return steps.map((_, i) => {
      const [dLoss, gLoss, dReal, dFake] = values.subarray(4 * i, 4 * i + 4);
      return { dLoss: dLoss!, gLoss: gLoss!, dReal: dReal!, dFake: dFake! };
    });
  };
  const close = async () => {
    for (const session of [sampler, ...trainers.values()]) await session.release();
  };

  let stepsPerRun: number;
  try {
    // A step prepares what later ones have. What these give is in `next`, and overwritten there.
    const blank = blankStep(batch * channels * height * width, batch * latent);
    await runOnce([blank]);
    if (profilePrefix !== undefined) trainers.get(1)!.endProfiling();
    stepsPerRun = options.stepsPerRun ?? stepsAbout(await milliseconds(() => runOnce([blank])));
    if (stepsPerRun > 1) {
      // Its memory is not given back otherwise, and many a training has no use for it.
      await trainers.get(1)!.release();
      trainers.delete(1);
    }
  } catch (error) {
    await close();
    throw error;
  }

  return {
    description: options.description,
    stepsPerRun,
    async run(steps) {
      const metrics: Metrics[] = [];
      const size = steps.length % stepsPerRun === 0 ? stepsPerRun : 1;
      for (let i = 0; i < steps.length; i += size) {
        metrics.push(...(await runOnce(steps.slice(i, i + size))));
        [now, next] = [next, now];
      }
      return metrics;
    },
    async sample(z, count) {
      const feeds = Object.fromEntries(
        [...now].filter(([name]) => sampler.inputNames.includes(name)),
      );
      const { image } = await sampler.run({ ...feeds, z: float(ort, [count, latent], z) });
      return image!.data as Float32Array;
    },
    async state() {
      return Object.fromEntries([...now].map(([name, { data }]) => [name, data as Float32Array]));
    },
    close,
  };
}

/**
 * Milliseconds of a run: Ctrl-C waits for its end. A run copies the state, as onnxruntime-node returns
 * outputs in buffers of its own: steps that share one take 40 % less each with mlp, 0–15 % with conv.
 */
const RUN_MS = 1500;
const MOST_STEPS = 10;

function stepsAbout(millisecondsPerStep: number): number {
  return Math.min(MOST_STEPS, Math.max(1, Math.round(RUN_MS / millisecondsPerStep)));
}

async function milliseconds(task: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await task();
  return performance.now() - start;
}

function createSession(
  model: Uint8Array,
  { ort, ...options }: OnnxRuntimeOptions,
  profilePrefix?: string,
): Promise<InferenceSession> {
  const profiling =
    profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix };
  return ort.InferenceSession.create(model, { ...profiling, ...sessionOptions(options) });
}

/** How a training step's session is set up. */
export function sessionOptions({
  providers,
  threads,
}: Pick<OnnxRuntimeOptions, 'providers' | 'threads'>): InferenceSession.SessionOptions {
  return {
    executionProviders: [...providers],
    intraOpNumThreads: threads,
    graphOptimizationLevel: 'all',
    // One block for all that a run needs, planned beforehand, is no faster and takes up to 1.7 times the memory.
    enableMemPattern: false,
    // What goes wrong is thrown; below 4, onnxruntime prints it as well.
    logSeverityLevel: 4,
    // Adam's moments decay into denormals, which processors handle many times slower.
    extra: { session: { set_denormal_as_zero: '1' } },
  };
}

function blankStep(pixels: number, latents: number): StepInput {
  const z = new Float32Array(latents);
  return { step: 1, images: new Uint8Array(pixels), zDiscriminator: z, zGenerator: z };
}

function buffers(ort: OrtRuntime, tensors: readonly StateTensor[]): Map<string, Tensor> {
  return new Map(tensors.map(({ name, shape }) => [name, float(ort, shape)]));
}

function float(
  ort: OrtRuntime,
  shape: readonly number[],
  data: Float32Array = new Float32Array(sizeOf(shape)),
): Tensor {
  return new ort.Tensor('float32', data, shape);
}
