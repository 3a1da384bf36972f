/** Engines and devices in Node: which there are, which is chosen, and creating one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import type { EngineName } from '@ganport/model/node';
import { type ProgramOptions, RuntimeError } from '@ganport/runtime';
import {
  type Device,
  DeviceError,
  expectCudaLoads,
  explainDeviceError,
  isGraphFault,
  misplaced,
  openProgram,
  type Placement,
  takePlacement,
} from '@ganport/runtime/node';
import type { Engine, State } from './engine.ts';
import { EngineError } from './engine-error.ts';
import { expectMemory } from './memory.ts';
import { explainMemoryError } from './memory-error.ts';
import { createOnnxRuntimeEngine } from './onnxruntime/engine.ts';
import { gpuLacks } from './onnxruntime/gpu-lacks.ts';
import { blankFeeds, blankState } from './recipe/blank.ts';
import type { Recipe } from './recipe/recipe.ts';
import type { TensorFlowBackend } from './tensorflow/backend.ts';
import type { ChosenEngine } from './train-on.ts';

export interface CreateOptions {
  engine: EngineName;
  device: Device;
  /** Threads within an operator, on the CPU. */
  threads: number;
  /**
   * On CUDA, multiplies with TensorFloat-32's 10-bit mantissa: faster from the Ampere GPUs on, with
   * other rounding than elsewhere. False by default.
   */
  tf32?: boolean;
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

/**
 * Creates the fastest engine that works among those asked for. Whoever creates it closes it.
 * @throws ModelError if none works, with the remedy, or if the memory of one does not suffice
 * @throws OnnxError or RuntimeError for a recipe that makes no valid graph: no other engine is tried
 */
export async function chooseEngine(
  recipe: Recipe,
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
  const failures: EngineError[] = [];
  for (const chosen of asked) {
    try {
      const created = await createEngine(recipe, initial, { ...options, ...chosen });
      if (options.tf32 && chosen.device !== 'cuda')
        options.onNotice?.('TF32 is only CUDA’s: no effect');
      return { engine: created, chosen, why: failures.map(({ brief }) => brief).join('; ') };
    } catch (error) {
      // Whatever else failed, the recipe or the memory, would not be another engine's to make good.
      if (!(error instanceof EngineError)) throw error;
      failures.push(error);
    }
  }
  throw new ModelError(failures.map(({ message }) => message).join('; '));
}

/**
 * Creates an engine that goes on from a state. Whoever creates it closes it.
 * @throws EngineError if the engine or the device is not there, with the remedy
 * @throws ModelError if the memory does not suffice, with the remedy
 * @throws OnnxError or RuntimeError for a recipe that makes no valid graph
 */
export async function createEngine(
  recipe: Recipe,
  initial: State,
  options: CreateOptions,
): Promise<Engine> {
  const { engine, device, tf32 } = options;
  if (device === 'cpu') expectMemory(recipe, 'step');
  if (engine === 'tensorflow') {
    // TensorFlow.js has no option for it. CUDA's libraries read this when they are loaded.
    if (device === 'cuda' && !tf32) process.env.NVIDIA_TF32_OVERRIDE ??= '0';
    // Loaded only when it is wanted: TensorFlow.js takes its time.
    const { createTensorFlowEngine } = await import('./tensorflow/engine.ts');
    return createTensorFlowEngine(recipe, initial, options);
  }
  try {
    if (device === 'cuda') await expectCudaLoads();
    return await onOnnxRuntime(recipe, initial, options);
  } catch (error) {
    const memory = explainMemoryError(error instanceof DeviceError ? error.cause : error, device);
    if (memory) throw new ModelError(memory);
    if (!(error instanceof RuntimeError) || isGraphFault(error)) throw error;
    throw new EngineError(engine, device, explainDeviceError(error, device));
  }
}

async function onOnnxRuntime(
  recipe: Recipe,
  initial: State,
  { device, threads, tf32 = false, onNotice }: CreateOptions,
): Promise<Engine> {
  const open = (model: Uint8Array, options: ProgramOptions) => {
    // A graph's sizes are fixed: a step's are, the sampler's pictures come in any number.
    const isStep = Object.values(options.state ?? {}).some((next) => next !== null);
    const graphs = isStep ? 'where possible' : false;
    return openProgram(model, { ...options, device, threads, cuda: { tf32, graphs } });
  };
  if (device === 'cpu') return createOnnxRuntimeEngine(recipe, initial, { open });
  const engine = await createOnnxRuntimeEngine(recipe, initial, { open, compose: gpuLacks });
  if (!onNotice) return engine;
  try {
    // While a session is open, the shaders of another are kept: those of the blank step are the engine's.
    const elsewhere = misplaced(await placementOf(recipe, device), device);
    if (elsewhere) onNotice(`${device} leaves operators to the CPU, which is slow: ${elsewhere}`);
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Where the nodes of a step run, by a blank step. */
async function placementOf(recipe: Recipe, device: Device): Promise<Placement> {
  const folder = await mkdtemp(join(tmpdir(), 'ganport-profile-'));
  try {
    const profilePrefix = join(folder, 'step');
    const engine = await createOnnxRuntimeEngine(recipe, blankState(recipe), {
      open: (model, options) => openProgram(model, { ...options, device, profilePrefix }),
      compose: gpuLacks,
    });
    try {
      await engine.step(blankFeeds(recipe));
    } finally {
      await engine.close();
    }
    return await takePlacement(profilePrefix);
  } finally {
    await rm(folder, { recursive: true });
  }
}
