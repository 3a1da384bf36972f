/** The sampler: a generator.onnx and a seed give pictures, the same however they are asked for. */
import {
  type ChosenCodes,
  type GeneratorMetadata,
  type Images,
  type LatentOptions,
  latentBatch,
  latents,
  MAX_INDEX,
  MAX_SEED,
  ModelError,
} from '@ganport/model';
import { type Batching, type BatchingStats, createBatching } from './batching.ts';
import { checkLabel, checkRange, checkTruncation, choosing } from './chosen.ts';
import { SampleError } from './error.ts';
import { type Generator, type OpenProgram, openGenerator } from './generator.ts';
import { type Walk, walkCount, walkLatents } from './walk.ts';

export interface SampleOptions extends Pick<LatentOptions, 'truncation'> {
  /** 0 … 2^53 − 1. Of several, each gives `count` pictures, one seed's after the other's. */
  seed: number | readonly number[];
  /** Index of the first picture, 0 … 2^32 − 1. */
  start?: number;
  /** 1 unless given. */
  count?: number;
  /** Index of the class of all of them; without it, picture i is of class i modulo their number. */
  label?: number | undefined;
  /** Of an InfoGAN, codes that all of them have, by name: the index of a category, or a number from −6 to 6. */
  codes?: ChosenCodes | undefined;
  /** Takes the request back: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export interface DrawOptions {
  /** Latents [count, size], one after the other; they are not to be changed until they are drawn. */
  latents: Float32Array;
  /** Class of each, indices, of a generator of classes. */
  labels?: readonly number[] | undefined;
  signal?: AbortSignal | undefined;
}

export interface WalkOptions extends Walk {
  /** Index of the class of all pictures; without it, the one that the first picture is of. */
  label?: number | undefined;
  /** As `sample` has them. */
  codes?: ChosenCodes | undefined;
  signal?: AbortSignal | undefined;
}

export interface Sampler {
  readonly metadata: GeneratorMetadata;
  /** What draws, and on what: "onnxruntime 1.30.0 on the CPU". */
  readonly description: string;
  /** What it has drawn, the golden samples too. */
  readonly stats: Readonly<BatchingStats>;
  /**
   * Draws pictures start … start + count − 1 of a seed, or of each of several. Requests at the same time share runs, and take
   * turns.
   * @throws SampleError outside the ranges; what the program throws when a run fails
   */
  sample(options: SampleOptions): Promise<Images>;
  /**
   * Draws a walk's pictures, in order. Those it passes are what `sample` draws of their index and class.
   * @throws SampleError outside the ranges; what the program throws when a run fails
   */
  walk(options: WalkOptions): Promise<Images>;
  /**
   * Draws pictures of given latents, such as those that were found for a picture.
   * @throws SampleError unless there are whole, finite latents, and as many labels where there are classes; what the
   * program throws when a run fails
   */
  draw(options: DrawOptions): Promise<Images>;
  /** Ends the sampler, once what was asked for before is drawn. */
  close(): Promise<void>;
}

export interface SamplerOptions {
  /** The bytes of a generator.onnx. */
  model: Uint8Array;
  open: OpenProgram;
  /** Most pictures of one run: activations of a convolutional generator stay in tens of megabytes. */
  maxBatch?: number | undefined;
  /** Milliseconds that a run which is not full waits for more pictures: none unless given. */
  maxDelayMs?: number | undefined;
  /** Gives up while it is opened: it rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Of one call: enough for an FID over 50,000 pictures, and what they may weigh. */
export const MAX_COUNT = 65_536;
const MAX_BYTES = 2 ** 30;
/** What the pictures of one run may weigh, so that requests for large ones do not add up. */
const MAX_RUN_BYTES = 2 ** 26;
/** Providers round differently; a picture may be one level off on another device. */
const GOLDEN_TOLERANCE = 1;

/**
 * Opens a generator, and refuses it unless it redraws the golden samples of its metadata within one
 * level there. Whoever opens a sampler closes it.
 * @throws SampleError if it draws something else; what `openGenerator` throws
 */
export async function openSampler({ model, open, ...options }: SamplerOptions): Promise<Sampler> {
  return samplerOf(await openGenerator(model, open, options.signal), options);
}

interface OpenedOptions extends Omit<SamplerOptions, 'model' | 'open'> {
  /** How many of the golden samples are redrawn: all unless given. */
  redrawn?: number;
}

/** As `openSampler`, of a generator that is open; it is closed with the sampler, and where that is refused. */
export async function samplerOf(
  generator: Generator,
  { maxBatch = 64, maxDelayMs, redrawn, signal }: OpenedOptions,
): Promise<Sampler> {
  const { metadata, description, infer, lanes, inPlace, gather } = generator;
  const pictureBytes = bytesOf(metadata);
  const batching = createBatching({
    ...{ infer, lanes, inPlace, gather },
    maxBatch: Math.max(1, Math.min(maxBatch, Math.floor(MAX_RUN_BYTES / pictureBytes))),
    maxDelayMs,
    latentSize: metadata.latent.size,
    pictureBytes,
  });
  const sampler: Sampler = {
    metadata,
    description,
    stats: batching.stats,
    sample: (options) => sample(batching, metadata, options),
    walk: (options) => drawWalk(batching, metadata, options),
    draw: (options) => drawLatents(batching, metadata, options),
    async close() {
      await batching.close();
      await generator.close();
    },
  };
  try {
    await checkGolden(sampler, redrawn, signal);
  } catch (error) {
    const closing = sampler.close();
    // A run that was given up may go on for as long as its operator takes, or for ever.
    if (!signal?.aborted) await closing;
    throw error;
  }
  return sampler;
}

/** How many pictures one call may ask for. */
function mostPictures(metadata: GeneratorMetadata): number {
  return Math.min(MAX_COUNT, Math.floor(MAX_BYTES / bytesOf(metadata)));
}

function bytesOf({ image: { height, width, channels } }: GeneratorMetadata): number {
  return height * width * channels;
}

async function sample(
  batching: Batching,
  metadata: GeneratorMetadata,
  { seed, start = 0, count = 1, label, truncation, codes = {}, signal }: SampleOptions,
): Promise<Images> {
  const seeds = [seed].flat();
  const most = mostPictures(metadata);
  checkRange('seeds', seeds.length, 1, most);
  for (const one of seeds) checkRange('seed', one, 0, MAX_SEED);
  checkRange('start', start, 0, MAX_INDEX);
  const each = Math.floor(most / seeds.length);
  checkRange('count', count, 1, Math.min(each, MAX_INDEX - start + 1));
  if (label !== undefined) checkLabel(label, metadata);
  checkTruncation(truncation);
  const withCodes = choosing(codes, metadata);
  const { size } = metadata.latent;
  const classes = metadata.classes?.length;
  const indexOf = (picture: number) => start + (picture % count);
  const latentsOf = (first: number, some: number): Float32Array<ArrayBuffer> => {
    if (seeds.length === 1)
      return latentBatch(seeds[0]!, start + first, some, size, { truncation });
    const z = new Float32Array(some * size);
    for (let i = 0; i < some; i++) {
      const seed = seeds[Math.floor((first + i) / count)]!;
      z.set(latents(seed, indexOf(first + i), size, { truncation }), i * size);
    }
    return z;
  };
  const data = await batching.draw({
    count: seeds.length * count,
    latents: (first, some) => withCodes(latentsOf(first, some)),
    labels:
      classes === undefined
        ? undefined
        : (first, some) =>
            BigInt64Array.from({ length: some }, (_, i) =>
              BigInt(label ?? indexOf(first + i) % classes),
            ),
    signal,
  });
  const { height, width, channels } = metadata.image;
  return { count: seeds.length * count, height, width, channels, data };
}

async function drawWalk(
  batching: Batching,
  metadata: GeneratorMetadata,
  { label, codes = {}, signal, ...walk }: WalkOptions,
): Promise<Images> {
  const { seed, start, stops, steps } = walk;
  const { height, width, channels } = metadata.image;
  const most = mostPictures(metadata);
  checkRange('seed', seed, 0, MAX_SEED);
  checkRange('start', start, 0, MAX_INDEX);
  checkRange('stops', stops, 2, Math.min(most, MAX_INDEX - start + 1));
  checkRange('steps', steps, 1, Math.max(1, Math.floor(most / stops)));
  if (label !== undefined) checkLabel(label, metadata);
  checkTruncation(walk.truncation);
  const withCodes = choosing(codes, metadata);
  const classes = metadata.classes?.length;
  const own = BigInt(label ?? start % (classes ?? 1));
  const count = walkCount(walk);
  const data = await batching.draw({
    count,
    latents: (first, count) => withCodes(walkLatents(walk, metadata.latent.size, first, count)),
    labels: classes === undefined ? undefined : (_, count) => new BigInt64Array(count).fill(own),
    signal,
  });
  return { count, height, width, channels, data };
}

async function checkGolden(
  { metadata, description, sample }: Sampler,
  redrawn: number | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { golden } = metadata;
  const expected = Uint8Array.from(atob(golden.images), (character) => character.charCodeAt(0));
  const bytes = golden.count * bytesOf(metadata);
  if (expected.length !== bytes) {
    throw new ModelError(
      `the golden samples have ${expected.length} bytes, expected ${bytes} for ${golden.count} pictures`,
    );
  }
  const count = Math.min(golden.count, redrawn ?? golden.count);
  const { data } = await sample({ seed: golden.seed, count, signal });
  const difference = data.reduce(
    (most, level, i) => Math.max(most, Math.abs(level - expected[i]!)),
    0,
  );
  if (difference > GOLDEN_TOLERANCE) {
    throw new SampleError(
      `${description} draws the golden samples up to ${difference} levels off, expected at most ${GOLDEN_TOLERANCE}`,
    );
  }
}

async function drawLatents(
  batching: Batching,
  metadata: GeneratorMetadata,
  { latents, labels, signal }: DrawOptions,
): Promise<Images> {
  const { size } = metadata.latent;
  const { height, width, channels } = metadata.image;
  const count = latents.length / size;
  const most = mostPictures(metadata);
  if (!Number.isInteger(count) || count < 1 || count > most || !latents.every(Number.isFinite)) {
    const got = latents.every(Number.isFinite) ? latents.length : 'some that are not';
    throw new SampleError(
      `z: expected ${size} finite numbers for each of 1 to ${most} pictures, got ${got}`,
    );
  }
  for (const label of labels ?? []) checkLabel(label, metadata);
  const classes = metadata.classes ? count : 0;
  if ((labels?.length ?? 0) !== classes) {
    throw new SampleError(`labels: expected ${classes}, got ${labels?.length ?? 0}`);
  }
  const data = await batching.draw({
    count,
    latents: (first, n) => latents.slice(first * size, (first + n) * size),
    labels: labels && ((first, n) => BigInt64Array.from(labels.slice(first, first + n), BigInt)),
    signal,
  });
  return { count, height, width, channels, data };
}
