/** The tensorflow engine: the state stays in TensorFlow.js's tensors, on its device, from step to step. */
import { drawnWeight } from '@ganport/model';
import { firstLine } from '@ganport/onnx';
import type { Device } from '@ganport/runtime/node';
import * as tf from '@tensorflow/tfjs';
import type { Engine, EngineOptions, Metrics, State } from '../engine.ts';
import { EngineError } from '../engine-error.ts';
import { type Gan, initialState, stateTensors } from '../gan.ts';
import { backendsFor, loadBackend, type TensorFlowBackend } from './backend.ts';
import { channelsFirst, forward, fromKernel, toKernel } from './layers.ts';
import { type Tensors, trainingStep } from './step.ts';

export interface TensorFlowOptions extends EngineOptions {
  /** Backends to try, in this order; by default those of the device. */
  backends?: readonly TensorFlowBackend[];
}

/**
 * Whoever creates an engine closes it.
 * @throws EngineError if no backend of the device works, with the reasons and a remedy
 */
export async function createTensorFlowEngine(
  gan: Gan,
  initial: State,
  options: TensorFlowOptions,
): Promise<Engine> {
  const { ema } = options;
  const description = await chooseBackend(gan, options);
  const backend = tf.getBackend();
  /** Another engine may have chosen another backend since. */
  const takeTurn = async () => {
    if (tf.getBackend() !== backend) await tf.setBackend(backend);
  };
  let state = fromState(gan, ema, initial);

  return {
    description,
    stepsPerRun: 1,
    async run(steps) {
      await takeTurn();
      const all: Metrics[] = [];
      for (const input of steps) {
        const after = trainingStep(gan, state, input, options);
        tf.dispose(state);
        state = after.state;
        const [dLoss, gLoss, dReal, dFake] = await after.metrics.data();
        after.metrics.dispose();
        all.push({ dLoss: dLoss!, gLoss: gLoss!, dReal: dReal!, dFake: dFake! });
      }
      return all;
    },
    async sample(z, count) {
      await takeTurn();
      const image = tf.tidy(() => {
        const latents = tf.tensor(z, [count, ...gan.generator.inputs.z!], 'float32');
        const weights = gan.generator.parameters.map(({ name, trained }) => {
          return [name, state[drawnWeight(name, trained, ema > 0)]!] as const;
        });
        return channelsFirst(forward(gan.generator, latents, Object.fromEntries(weights)));
      });
      const pixels = (await image.data()) as Float32Array;
      image.dispose();
      return pixels;
    },
    async state() {
      await takeTurn();
      return toState(state);
    },
    async close() {
      tf.dispose(state);
      state = {};
    },
  };
}

/**
 * Makes the first backend that works the current one.
 * @returns what it is, and why none before it: "TensorFlow.js 4.22.0, wasm backend, 1 thread (tfjs-node: …)"
 */
async function chooseBackend(gan: Gan, options: TensorFlowOptions): Promise<string> {
  const { device, threads, backends = backendsFor(device) } = options;
  const reasons: string[] = [];
  for (const name of backends) {
    try {
      const what = await loadBackend(name, threads);
      // Of the backends, only this one lacks kernels: convolutions' weight gradients among them.
      if (name === 'wasm') tryStep(gan, options);
      const before = reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
      return `TensorFlow.js ${tf.version_core}, ${what}${before}`;
    } catch (error) {
      reasons.push(`${name}: ${whyNot(error)}`);
    }
  }
  const why = reasons.join('; ');
  const missing = /native part is (missing|only half)/.test(why);
  const remedy = device === 'cuda' && !missing ? GPU : REMEDIES[device];
  throw new EngineError('tensorflow', device, { why, remedy });
}

const GPU = 'an NVIDIA GPU and driver, which `nvidia-smi` shows';

/** Nothing is downloaded at install; the script takes libtensorflow from TensorFlow's Python package. */
const REMEDIES: Record<Device, string> = {
  cuda: 'its native part, which `bash bench/tfjs-node/build.sh --gpu` makes (Linux x64)',
  cpu: 'the dependencies installed again: `pnpm install --force`',
  webgpu: '--engine onnxruntime',
};

function whyNot(error: unknown): string {
  const line = firstLine(error);
  const kernel = line.match(/Kernel '(\w+)' not registered/);
  return kernel ? `it has no ${kernel[1]}, which this network needs` : line;
}

/** One step on two blank images: batch statistics need two. */
function tryStep(gan: Gan, options: TensorFlowOptions): void {
  const batch = 2;
  const size = (inputs: Record<string, readonly number[]>) =>
    Object.values(inputs)[0]!.reduce((a, b) => a * b, batch);
  const z = new Float32Array(size(gan.generator.inputs));
  const images = new Uint8Array(size(gan.discriminator.inputs));
  const state = fromState(gan, options.ema, initialState(gan, 0, options.ema));
  try {
    const input = { step: 1, images, zDiscriminator: z, zGenerator: z };
    tf.dispose({ ...trainingStep(gan, state, input, { ...options, batch }) });
  } finally {
    tf.dispose(state);
  }
}

/** Uploads a state. */
function fromState(gan: Gan, ema: number, state: State): Tensors {
  const entries = stateTensors(gan, ema).map(({ name, shape }) => {
    const tensor = tf.tidy(() => {
      // A copy: a backend may keep the array that it is given.
      const x = tf.tensor(Float32Array.from(state[name]!), [...shape], 'float32');
      return shape.length === 4 ? fromKernel(x) : x;
    });
    return [name, tensor] as const;
  });
  return Object.fromEntries(entries);
}

async function toState(tensors: Tensors): Promise<State> {
  const state: State = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const x = tensor.rank === 4 ? tf.tidy(() => toKernel(tensor)) : tensor;
    state[name] = (await x.data()) as Float32Array;
    if (x !== tensor) x.dispose();
  }
  return state;
}
