/** From a file and a device to a sampler, in Node. */
import { createHash } from 'node:crypto';
import { readFileWithin } from '@ganport/model/node';
import { firstLine } from '@ganport/onnx';
import { RuntimeError } from '@ganport/runtime';
import {
  cudaIsInstalled,
  type Device,
  expectCudaLoads,
  isGraphFault,
  openProgram,
} from '@ganport/runtime/node';
import { SampleError } from './error.ts';
import { openOnCpu } from './lanes.ts';
import { openSampler, type Sampler, samplerOf } from './sampler.ts';

export interface LoadedGenerator {
  sampler: Sampler;
  /** The device that draws, and why it was chosen. */
  device: Device;
  why: string;
  /** The bytes of generator.onnx and their SHA-256 in hexadecimal. */
  file: Uint8Array;
  sha256: string;
}

/** A model that was read. */
export interface ModelFile {
  /** What errors call it. */
  path: string;
  bytes: Uint8Array;
}

/** Protobuf's ceiling for one message: no .onnx file is larger. */
export const MAX_MODEL_BYTES = 2 ** 31 - 1;

export interface LoadOptions {
  device?: Device | 'auto' | undefined;
  /**
   * For opening the model and drawing its golden samples, which take seconds; a file can name loops without
   * an end. Time is not kept where koffi has no binary: there onnxruntime holds the event loop.
   */
  timeLimitMs?: number | undefined;
  /** Gives up: it rejects with the signal's reason. What is opened later is closed. */
  signal?: AbortSignal | undefined;
  /** As of `openSampler`. */
  maxBatch?: number | undefined;
  maxDelayMs?: number | undefined;
  /** Of the CPU, for one run or for several at a time: all cores unless given. */
  threads?: number | undefined;
}

/** Of `LoadOptions`. CUDA compiles kernels for a card it does not know, which takes up to a minute. */
export const TIME_LIMIT_MS = 120_000;

/**
 * Loads a generator.onnx, given or by its path, and checks its golden samples. `auto` takes CUDA where it is installed and
 * works, else the CPU; `why` says which and why. Whoever calls it closes the sampler.
 * @throws SampleError, ModelError or OnnxError whose message names the path
 */
export async function loadGenerator(
  model: string | ModelFile,
  { device = 'auto', timeLimitMs = TIME_LIMIT_MS, ...settings }: LoadOptions = {},
): Promise<LoadedGenerator> {
  const given = typeof model === 'string' ? { path: model, bytes: await readModel(model) } : model;
  const { path, bytes: file } = given;
  const sha256 = createHash('sha256').update(file).digest('hex');
  try {
    return { ...(await loadOn(device, file, { timeLimitMs, ...settings })), file, sha256 };
  } catch (error) {
    settings.signal?.throwIfAborted();
    if (error instanceof Error) error.message = `${path}: ${error.message}`;
    throw error;
  }
}

/** The bytes of an .onnx file. @throws SampleError or ModelError that names the path. */
export async function readModel(path: string): Promise<Uint8Array> {
  return readFileWithin(path, MAX_MODEL_BYTES).catch((error: Error) => {
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT') throw error;
    throw new SampleError(`${error.message}; \`ganport export RUN -o FILE\` writes a model`);
  });
}

type Choice = Pick<LoadedGenerator, 'sampler' | 'device' | 'why'>;
type Settings = Omit<LoadOptions, 'device'> & { timeLimitMs: number };

async function loadOn(
  device: Device | 'auto',
  model: Uint8Array,
  settings: Settings,
): Promise<Choice> {
  if (device !== 'auto') {
    return { sampler: await loadWith(device, model, settings), device, why: 'it was asked for' };
  }
  let why = 'CUDA is not installed';
  if (cudaIsInstalled()) {
    try {
      const sampler = await loadWith('cuda', model, settings);
      return { sampler, device: 'cuda', why: 'CUDA is installed' };
    } catch (error) {
      settings.signal?.throwIfAborted();
      why = `CUDA failed: ${firstLine(error)}`;
    }
  }
  return { sampler: await loadWith('cpu', model, settings), device: 'cpu', why };
}

async function loadWith(
  device: Device,
  model: Uint8Array,
  { timeLimitMs: limit, threads, signal: given, ...batching }: Settings,
): Promise<Sampler> {
  if (device === 'cuda' && !cudaIsInstalled()) {
    throw new SampleError(
      'CUDA is not installed: `ganport doctor --install cuda` adds it; --device cpu works everywhere',
    );
  }
  const timeout = AbortSignal.timeout(limit);
  const signal = given ? AbortSignal.any([given, timeout]) : timeout;
  try {
    if (device === 'cuda') await expectCudaLoads();
    if (device !== 'cpu') {
      const open = (bytes: Uint8Array) => openProgram(bytes, { device });
      return await openSampler({ model, open, signal, ...batching });
    }
    const open = (bytes: Uint8Array, threads?: number) =>
      openProgram(bytes, { device, ...(threads && { threads }) });
    return await samplerOf(await openOnCpu(model, { open, threads, signal }), {
      signal,
      ...batching,
    });
  } catch (error) {
    given?.throwIfAborted();
    if (error === timeout.reason) {
      throw new SampleError(
        `expected it to be loaded and to draw its golden samples within ${limit / 1000} s on ${device}, got no picture: give it more time (--time-limit), or export it again`,
      );
    }
    if (!(error instanceof SampleError || error instanceof RuntimeError)) throw error;
    const remedy = remedyFor(error, device);
    throw new SampleError(remedy ? `${error.message}; ${remedy}` : error.message, { cause: error });
  }
}

/** undefined where neither the file nor the device is at fault: for want of memory, or of onnxruntime. */
function remedyFor(error: SampleError | RuntimeError, device: Device): string | undefined {
  if (isGraphFault(error)) return 'export the model again';
  // What onnxruntime throws is the cause of another's error.
  const drawn = error instanceof SampleError;
  if (device !== 'cpu') return drawn || error.cause ? 'try --device cpu' : undefined;
  return drawn ? 'export the model again' : undefined;
}
