/** Engines and devices in Node: which there are, which is chosen, and creating one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import type { EngineName } from '@ganport/model/node';
import {
  type Device,
  executionProviders,
  explainDeviceError,
  misplaced,
  takePlacement,
} from '@ganport/runtime/node';
import * as ort from 'onnxruntime-node';
import type { Engine, EngineOptions, State } from './engine.ts';
import { EngineError } from './engine-error.ts';
import type { Gan } from './gan.ts';
import { explainMemoryError } from './memory-error.ts';
import { createOnnxRuntimeEngine } from './onnxruntime/engine.ts';
import type { TensorFlowBackend } from './tensorflow/backend.ts';

export interface CreateOptions extends EngineOptions {
  engine: EngineName;
  device: Device;
  /** Of the tensorflow engine: those to try, in order, instead of all that serve the device. */
  backends?: readonly TensorFlowBackend[];
  /** Told in one line what a person should know: that a GPU leaves operators to the CPU. */
  onNotice?: (line: string) => void;
}

export interface EngineChoice {
  engine: EngineName | 'auto';
  device: Device | 'auto';
}

/**
 * What trains fastest first. Node cannot tell a GPU from a software renderer behind WebGPU, so that
 * comes after the CPU: it is used where it is asked for.
 */
const PREFERENCE: readonly { engine: EngineName; device: Device }[] = [
  { engine: 'onnxruntime', device: 'cuda' },
  { engine: 'tensorflow', device: 'cuda' },
  { engine: 'onnxruntime', device: 'cpu' },
  { engine: 'onnxruntime', device: 'webgpu' },
  { engine: 'tensorflow', device: 'cpu' },
];

export interface ChosenEngine {
  engine: Engine;
  chosen: { engine: EngineName; device: Device };
  /** Why those that would be faster were not: "" where there is none. */
  why: string;
}

/**
 * Creates the fastest engine that works among those asked for. Whoever creates it closes it.
 * @throws ModelError if none works, with the remedy
 */
export async function chooseEngine(
  gan: Gan,
  initial: State,
  { engine, device, ...options }: Omit<CreateOptions, 'engine' | 'device'> & EngineChoice,
): Promise<ChosenEngine> {
  const asked = PREFERENCE.filter(
    (one) =>
      (engine === 'auto' || engine === one.engine) && (device === 'auto' || device === one.device),
  );
  if (asked.length === 0) {
    throw new ModelError(
      `the ${engine} engine does not run on ${device} in Node: expected --engine onnxruntime, or --device cuda or cpu`,
    );
  }
  const failures: ModelError[] = [];
  for (const chosen of asked) {
    try {
      const created = await createEngine(gan, initial, { ...options, ...chosen });
      if (options.tf32 && chosen.device !== 'cuda')
        options.onNotice?.('TF32 is only CUDA’s: no effect');
      return { engine: created, chosen, why: failures.map(briefly).join('; ') };
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      failures.push(error);
    }
  }
  throw new ModelError(failures.map(({ message }) => message).join('; '));
}

function briefly(error: ModelError): string {
  return error instanceof EngineError ? error.brief : error.message;
}

/**
 * Creates an engine that goes on from a state. Whoever creates it closes it.
 * @throws ModelError if the engine or the device is not there, with the remedy
 */
export async function createEngine(
  gan: Gan,
  initial: State,
  options: CreateOptions,
): Promise<Engine> {
  const { engine, device, batch, tf32 } = options;
  // CUDA's libraries read it when they are loaded: neither runtime has an option for it in Node.
  if (device === 'cuda' && !tf32) process.env.NVIDIA_TF32_OVERRIDE ??= '0';
  if (engine === 'tensorflow') {
    // Loaded only when it is wanted: TensorFlow.js takes its time.
    const { createTensorFlowEngine } = await import('./tensorflow/engine.ts');
    return createTensorFlowEngine(gan, initial, options);
  }
  // What goes wrong is thrown; otherwise onnxruntime prints some of it too.
  ort.env.logLevel = 'fatal';
  try {
    if (device === 'cpu') return await onCpu(gan, initial, options);
    return await onGpu(gan, initial, options);
  } catch (error) {
    const memory = explainMemoryError(error, { device, batch });
    if (memory) throw new ModelError(memory);
    throw new EngineError(engine, device, explainDeviceError(error, device));
  }
}

const ONNXRUNTIME = `onnxruntime-node ${ort.env.versions.node}`;

function onCpu(gan: Gan, initial: State, options: CreateOptions): Promise<Engine> {
  return createOnnxRuntimeEngine(gan, initial, {
    ...options,
    ort,
    providers: executionProviders('cpu'),
    description: `${ONNXRUNTIME} on the CPU, threads: ${options.threads}`,
  });
}

/** On a GPU, one run before training shows which operators its provider leaves to the CPU. */
async function onGpu(gan: Gan, initial: State, options: CreateOptions): Promise<Engine> {
  const { device, onNotice } = options;
  const folder = await mkdtemp(join(tmpdir(), 'ganport-profile-'));
  try {
    const profilePrefix = join(folder, 'step');
    const engine = await createOnnxRuntimeEngine(gan, initial, {
      ...options,
      ort,
      providers: executionProviders(device),
      description: `${ONNXRUNTIME} on ${device}`,
      profilePrefix,
    });
    try {
      const elsewhere = misplaced(await takePlacement(profilePrefix), device);
      if (elsewhere)
        onNotice?.(`${device} leaves operators to the CPU, which is slow: ${elsewhere}`);
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  } finally {
    await rm(folder, { recursive: true });
  }
}
