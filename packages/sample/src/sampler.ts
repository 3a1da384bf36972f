/**
 * The sampler: a generator.onnx and a seed give pictures. The runtime is passed in, so the same
 * file draws with onnxruntime-node in a server and with onnxruntime-web in a page.
 */
import {
  type GeneratorMetadata,
  type Images,
  latentBatch,
  MAX_INDEX,
  MAX_SEED,
  ModelError,
  rangeReason,
  readGeneratorMetadata,
} from '@ganport/model';
import { firstLine } from '@ganport/onnx';
import type { OrtRuntime } from '@ganport/runtime';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { SampleError } from './error.ts';

export interface SampleOptions {
  /** 0 … 2^53 − 1. */
  seed: number;
  /** Index of the first picture, 0 … 2^32 − 1. */
  start?: number;
  count?: number;
}

export interface Sampler {
  readonly metadata: GeneratorMetadata;
  /** Draws pictures start … start + count − 1 of a seed. @throws SampleError outside the ranges. */
  sample(options: SampleOptions): Promise<Images>;
  /** Ends the session. Draws that were asked for before it are finished first. */
  release(): Promise<void>;
}

export interface SamplerOptions {
  /** The bytes of a generator.onnx. */
  model: Uint8Array;
  ort: OrtRuntime;
  /** Execution providers in order of preference: `['cpu']`, `['webgpu']`, `['wasm']`. */
  providers: readonly string[];
}

/** Of one call: enough for an FID over 50,000 pictures, and what they may weigh. */
export const MAX_COUNT = 65_536;
const MAX_BYTES = 2 ** 30;
/** Pictures per run: activations of a convolutional generator stay in tens of megabytes. */
const RUN_BATCH = 64;
/** Providers round differently; a picture may be one level off on another device. */
const GOLDEN_TOLERANCE = 1;

/**
 * Loads a generator, and refuses it unless it redraws the golden samples of its metadata within
 * one level on these providers.
 * @throws OnnxError if the bytes are not an ONNX model
 * @throws ModelError if it is not a generator that ganport exported
 * @throws SampleError if the runtime cannot load it, or draws something else.
 */
export async function createSampler({ model, ort, providers }: SamplerOptions): Promise<Sampler> {
  const metadata = readGeneratorMetadata(model);
  const session = await inTurn(ort, () => createSession(ort, model, providers));
  const drawing = new Set<Promise<Images>>();
  let released = false;
  const sampler: Sampler = {
    metadata,
    async sample(options) {
      if (released) throw new SampleError('the sampler was released');
      const images = draw(ort, session, metadata, options);
      drawing.add(images);
      return images.finally(() => drawing.delete(images));
    },
    async release() {
      if (released) return;
      released = true;
      await Promise.allSettled(drawing);
      await inTurn(ort, () => session.release());
    },
  };
  try {
    checkTensors(session, metadata);
    await checkGolden(sampler, providers);
  } catch (error) {
    await sampler.release();
    throw error;
  }
  return sampler;
}

/**
 * The last call each runtime was given. Its WebGPU sessions share one context, where two calls at
 * once throw or hang, so creating and running take turns over all samplers of a runtime.
 */
const lastTurn = new WeakMap<OrtRuntime['InferenceSession'], Promise<unknown>>();

function inTurn<T>(ort: OrtRuntime, task: () => Promise<T>): Promise<T> {
  const turn = (lastTurn.get(ort.InferenceSession) ?? Promise.resolve()).then(task);
  // A rejection is its caller's; the next in the queue runs all the same.
  lastTurn.set(
    ort.InferenceSession,
    turn.catch(() => undefined),
  );
  return turn;
}

async function createSession(
  ort: OrtRuntime,
  model: Uint8Array,
  providers: readonly string[],
): Promise<InferenceSession> {
  try {
    // Severity 3: errors only. A node that a provider leaves to the CPU is a warning each time.
    return await ort.InferenceSession.create(model, {
      executionProviders: providers,
      logSeverityLevel: 3,
    });
  } catch (error) {
    throw new SampleError(
      `onnxruntime cannot load the model on ${providers.join(', ')}: ${firstLine(error)}`,
    );
  }
}

/** Checks names, types and shapes of the graph against its metadata. */
function checkTensors(session: InferenceSession, { latent, image }: GeneratorMetadata): void {
  const { height, width, channels, output } = image;
  const layout = output === 'uint8' ? [height, width, channels] : [channels, height, width];
  const got = {
    inputs: describe(session.inputMetadata),
    outputs: describe(session.outputMetadata),
  };
  const expected = {
    inputs: `z float32 [N, ${latent.size}]`,
    outputs: `image ${output} [N, ${layout.join(', ')}]`,
  };
  for (const side of ['inputs', 'outputs'] as const) {
    if (got[side] !== expected[side]) {
      throw new ModelError(
        `the generator's ${side} are ${got[side]}; its metadata says ${expected[side]}`,
      );
    }
  }
}

function describe(values: readonly InferenceSession.ValueMetadata[]): string {
  return values
    .map((value) => {
      if (!value.isTensor) return `${value.name} (not a tensor)`;
      const [batch, ...rest] = value.shape;
      // Any symbol will do for the batch.
      const shape = [typeof batch === 'string' ? 'N' : batch, ...rest];
      return `${value.name} ${value.type} [${shape.join(', ')}]`;
    })
    .join(' and ');
}

async function checkGolden(sampler: Sampler, providers: readonly string[]): Promise<void> {
  const { golden } = sampler.metadata;
  const expected = Uint8Array.from(atob(golden.images), (character) => character.charCodeAt(0));
  const { data } = await sampler.sample({ seed: golden.seed, count: golden.count });
  if (expected.length !== data.length) {
    throw new ModelError(
      `the golden samples have ${expected.length} bytes, expected ${data.length} for ${golden.count} pictures`,
    );
  }
  const difference = data.reduce(
    (most, level, i) => Math.max(most, Math.abs(level - expected[i]!)),
    0,
  );
  if (difference > GOLDEN_TOLERANCE) {
    throw new SampleError(
      `${providers.join(', ')} draws the golden samples up to ${difference} levels off, expected at most ${GOLDEN_TOLERANCE}`,
    );
  }
}

async function draw(
  ort: OrtRuntime,
  session: InferenceSession,
  { latent, image: { height, width, channels } }: GeneratorMetadata,
  { seed, start = 0, count = 1 }: SampleOptions,
): Promise<Images> {
  const size = height * width * channels;
  checkRange('seed', seed, 0, MAX_SEED);
  checkRange('start', start, 0, MAX_INDEX);
  const most = Math.min(MAX_COUNT, Math.floor(MAX_BYTES / size), MAX_INDEX - start + 1);
  checkRange('count', count, 1, most);
  const data = new Uint8Array(count * size);
  for (let done = 0; done < count; done += RUN_BATCH) {
    const batch = Math.min(RUN_BATCH, count - done);
    const z = latentBatch(seed, start + done, batch, latent.size);
    const image = await inTurn(ort, () => run(ort, session, z, [batch, latent.size]));
    data.set(toLevels(image, size, channels), done * size);
    image.dispose();
  }
  return { count, height, width, channels, data };
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new SampleError(`${name}: ${rangeReason(least, most, value)}`);
  }
}

/** One run of the generator: z [batch, latent] → image. */
async function run(
  ort: OrtRuntime,
  session: InferenceSession,
  latents: Float32Array,
  shape: readonly number[],
): Promise<Tensor> {
  const z = new ort.Tensor('float32', latents, shape);
  try {
    const { image } = await session.run({ z });
    return image!;
  } finally {
    z.dispose();
  }
}

/** uint8 [N, H, W, C] as it is; float32 [N, C, H, W] in −1…1 rounded as a uint8 graph rounds. */
function toLevels({ data }: Tensor, size: number, channels: number): Uint8Array {
  if (data instanceof Uint8Array) return data;
  const values = data as Float32Array;
  const levels = new Uint8Array(values.length);
  const plane = size / channels;
  for (let i = 0; i < values.length; i += 1) {
    const within = i % size;
    const to = i - within + (within % plane) * channels + Math.floor(within / plane);
    levels[to] = Math.min(255, Math.max(0, values[i]! * 127.5 + 127.5 + 0.5));
  }
  return levels;
}
