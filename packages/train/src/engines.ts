/** Engines and devices in Node: which there are, which is chosen, and creating one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import {
  type Device,
  executionProviders,
  explainDeviceError,
  misplaced,
  takePlacement,
} from '@ganport/onnx/node';
import * as ort from 'onnxruntime-node';
import type { Engine, EngineName, EngineOptions, State } from './engine.ts';
import type { Gan } from './gan.ts';
import { createOnnxRuntimeEngine } from './onnxruntime/engine.ts';

/** Steps of one graph where the state would otherwise cross to a GPU and back each step. */
const GPU_STEPS_PER_RUN = 10;

export interface CreateOptions extends EngineOptions {
  engine: EngineName;
  /** Told in one line what a person should know: that a GPU leaves operators to the CPU. */
  onNotice?: (line: string) => void;
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
  const { engine, device } = options;
  if (engine === 'tensorflow') throw new ModelError('the tensorflow engine is not there yet');
  try {
    return device === 'cpu'
      ? await onCpu(gan, initial, options)
      : await onGpu(gan, initial, options);
  } catch (error) {
    const { why, remedy } = explainDeviceError(error, device);
    throw new ModelError(`${engine} cannot train on ${device}: ${why}; what helps: ${remedy}`);
  }
}

function onCpu(gan: Gan, initial: State, options: CreateOptions): Promise<Engine> {
  const { threads } = options;
  const description = `onnxruntime-node ${ort.env.versions.node} on the CPU, threads: ${threads}`;
  return createOnnxRuntimeEngine(gan, initial, { ...options, ...settings('cpu'), description });
}

/** On a GPU, one run before training shows which operators its provider leaves to the CPU. */
async function onGpu(gan: Gan, initial: State, options: CreateOptions): Promise<Engine> {
  const { device, onNotice } = options;
  const folder = await mkdtemp(join(tmpdir(), 'ganport-profile-'));
  try {
    const profilePrefix = join(folder, 'step');
    const engine = await createOnnxRuntimeEngine(gan, initial, {
      ...options,
      ...settings(device),
      description: `onnxruntime-node ${ort.env.versions.node} on ${device}`,
      stepsPerRun: GPU_STEPS_PER_RUN,
      batchNorm: 'composed',
      profilePrefix,
    });
    const elsewhere = misplaced(await takePlacement(profilePrefix), device);
    if (elsewhere) onNotice?.(`${device} leaves operators to the CPU, which is slow: ${elsewhere}`);
    return engine;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function settings(device: Device) {
  return { ort, providers: executionProviders(device) };
}

/** Threads for training: one per core, as reported to this process. */
export function defaultThreads(): number {
  return availableParallelism();
}
