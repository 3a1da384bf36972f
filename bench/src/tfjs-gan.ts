/**
 * The GANs in TensorFlow.js: what one would write with its layers API, with its optimiser and its
 * backends that need no native part. Images are NHWC there.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { getThreadsCount, setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import type { Contender, ContenderOptions } from './contender.ts';
import { LATENT, type Layer, LEAKY_SLOPE, LEARNING_RATE, PRESETS } from './presets.ts';

/** The WebAssembly backend, with SIMD, and with threads where TensorFlow.js allows them. */
export async function createWasm(options: ContenderOptions): Promise<Contender> {
  const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(wasm)}/`);
  // TensorFlow.js itself turns threads off in Node (tensorflow/tfjs#3830): the count stays 1 there.
  setThreadsCount(options.threads);
  return createTraining('wasm', options, () => `, SIMD, threads: ${getThreadsCount()}`);
}

/** The backend in plain JavaScript. */
export function createCpu(options: ContenderOptions): Promise<Contender> {
  return createTraining('cpu', options, () => '');
}

async function createTraining(
  backend: 'wasm' | 'cpu',
  { preset, batch }: ContenderOptions,
  details: () => string,
): Promise<Contender> {
  // Leaves out the checks and the banner of its development mode.
  tf.enableProdMode();
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend did not start`);
  const { generator, discriminator, sample } = PRESETS[preset];
  const g = createModel(generator, [LATENT]);
  const d = createModel(discriminator, sample);
  // Adam keeps its moments by position: one optimiser per network.
  const gTraining = { variables: variablesOf(g), adam: tf.train.adam(LEARNING_RATE, 0.9, 0.999) };
  const dTraining = { variables: variablesOf(d), adam: tf.train.adam(LEARNING_RATE, 0.9, 0.999) };
  const pixels = Float32Array.from({ length: batch * 784 }, (_, i) => ((i * 7919) % 256) / 255);

  const dLoss = (): tf.Scalar => {
    const fake = apply(g, tf.randomNormal([batch, LATENT]));
    const real = tf
      .tensor(pixels, [batch, ...sample])
      .mul(2)
      .sub(1);
    const logits = apply(d, tf.concat([real, fake]));
    const [onReal, onFake] = tf.split(logits, 2) as [tf.Tensor, tf.Tensor];
    // Binary cross-entropy from logits: softplus(−y) for label 1, softplus(y) for label 0.
    return onReal.neg().softplus().mean().add(onFake.softplus().mean());
  };
  const gLoss = (): tf.Scalar => {
    const fake = apply(g, tf.randomNormal([batch, LATENT]));
    return apply(d, fake).neg().softplus().mean();
  };

  return {
    description: `TensorFlow.js ${tf.version.tfjs}, ${backend} backend${details()}`,
    async step() {
      for (const [loss, { adam, variables }] of [
        [dLoss, dTraining],
        [gLoss, gTraining],
      ] as const) {
        const value = adam.minimize(loss, true, variables);
        // Reading the loss is what any training loop does, and waits for the step.
        await value?.data();
        value?.dispose();
      }
    },
    async dispose() {
      g.dispose();
      d.dispose();
      gTraining.adam.dispose();
      dTraining.adam.dispose();
    },
  };
}

function apply(model: tf.LayersModel, x: tf.Tensor): tf.Tensor {
  return model.apply(x, { training: true }) as tf.Tensor;
}

function variablesOf(model: tf.LayersModel): tf.Variable[] {
  return model.trainableWeights.map((weight) => weight.read() as tf.Variable);
}

function createModel(layers: readonly Layer[], inputShape: readonly number[]): tf.LayersModel {
  const input = tf.input({ shape: [...inputShape] });
  let x = input;
  for (const layer of layers) x = createLayer(layer).apply(x) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: x });
}

function createLayer(layer: Layer): tf.layers.Layer {
  switch (layer.type) {
    case 'dense':
      return tf.layers.dense({ units: layer.to, ...initializers(layer.from) });
    case 'conv': {
      const { from, to, kernel, stride, pad } = layer;
      return tf.layers.conv2d({
        filters: to,
        kernelSize: kernel,
        strides: stride,
        padding: pad > 0 ? 'same' : 'valid',
        ...initializers(from * kernel ** 2),
      });
    }
    case 'batchNorm':
      return tf.layers.batchNormalization({ epsilon: 1e-5, momentum: 0.9 });
    case 'avgPool':
      return tf.layers.averagePooling2d({ poolSize: 2 });
    case 'view':
      return tf.layers.reshape({ targetShape: [layer.size, layer.size, layer.channels] });
    case 'flatten':
      return tf.layers.flatten();
    case 'leakyRelu':
      return tf.layers.leakyReLU({ alpha: LEAKY_SLOPE });
    case 'relu':
    case 'tanh':
      return tf.layers.activation({ activation: layer.type });
  }
}

/** PyTorch's default: uniform within ±1/√fan_in, weights and biases. */
function initializers(fanIn: number) {
  const bound = 1 / Math.sqrt(fanIn);
  const uniform = () => tf.initializers.randomUniform({ minval: -bound, maxval: bound });
  return { kernelInitializer: uniform(), biasInitializer: uniform() };
}
