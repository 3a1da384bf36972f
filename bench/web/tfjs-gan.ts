/** The published GANs in TensorFlow.js on its WebAssembly backend, as its examples train them. */
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import plain from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.wasm?url';
import type { Layer } from '../src/presets.ts';
import { ADAM, type GanSteps, LATENT, LEAK, type StepsOptions } from './gan-steps.ts';

/** Of each layer that has some. */
type Params = tf.Variable[][];

export async function tfjsGan({ gan, batch, random }: StepsOptions): Promise<GanSteps> {
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plain,
    'tfjs-backend-wasm-simd.wasm': simd,
    'tfjs-backend-wasm-threaded-simd.wasm': threaded,
  });
  if (!(await tf.setBackend('wasm'))) throw new Error('no WebAssembly backend');
  const variable = (shape: number[], bound: number) =>
    tf.variable(tf.tensor(random(tf.util.sizeFromShape(shape), bound), shape));
  const [g, d] = [gan.generator, gan.discriminator].map((layers) => initial(layers, variable));
  const { rate, beta1, beta2, epsilon } = ADAM;
  // One for each network: Adam keeps its moments by the variables' places.
  const [ofG, ofD] = [g, d].map(() => tf.train.adam(rate, beta1, beta2, epsilon));
  const run = (layers: readonly Layer[], params: Params, x: tf.Tensor) => {
    let [out, at] = [x, 0];
    for (const layer of layers) {
      const own = 'from' in layer || layer.type === 'batchNorm' ? params[at++]! : [];
      out = apply(layer, own, out);
    }
    return out;
  };
  const shape = [batch, ...gan.sample];
  const draw = () => {
    const z = tf.tensor(random(batch * LATENT, 1), [batch, LATENT]);
    return run(gan.generator, g!, z).reshape(shape);
  };
  const scalar = (loss: tf.Tensor) => loss.asScalar();
  const images = random(batch * 784, 1);
  return {
    description: `TensorFlow.js ${tf.version.tfjs}, backend ${version_wasm}`,
    async step() {
      const losses = tf.tidy(() => {
        const [real, fake] = [tf.tensor(images, shape), draw()];
        const dLoss = ofD!.minimize(
          () => {
            const onReal = run(gan.discriminator, d!, real);
            const onFake = run(gan.discriminator, d!, fake);
            return scalar(tf.softplus(tf.neg(onReal)).mean().add(tf.softplus(onFake).mean()));
          },
          true,
          d!.flat(),
        )!;
        const gLoss = ofG!.minimize(
          () => scalar(tf.softplus(tf.neg(run(gan.discriminator, d!, draw()))).mean()),
          true,
          g!.flat(),
        )!;
        return tf.stack([dLoss, gLoss]);
      });
      const [dLoss, gLoss] = await losses.data();
      losses.dispose();
      return { dLoss: dLoss!, gLoss: gLoss! };
    },
  };
}

function initial(
  layers: readonly Layer[],
  variable: (shape: number[], bound: number) => tf.Variable,
): Params {
  return layers.flatMap((layer): Params => {
    if (layer.type === 'batchNorm') {
      const { channels } = layer;
      return [[tf.variable(tf.ones([channels])), tf.variable(tf.zeros([channels]))]];
    }
    if (layer.type !== 'dense' && layer.type !== 'conv') return [];
    const { from, to } = layer;
    const inputs = layer.type === 'dense' ? from : from * layer.kernel ** 2;
    const shape = layer.type === 'dense' ? [from, to] : [layer.kernel, layer.kernel, from, to];
    return [[variable(shape, 1 / Math.sqrt(inputs)), tf.variable(tf.zeros([to]))]];
  });
}

/** Images are [N, H, W, C], as TensorFlow.js has them. */
function apply(layer: Layer, params: tf.Variable[], x: tf.Tensor): tf.Tensor {
  switch (layer.type) {
    case 'dense':
      return tf.matMul(x as tf.Tensor2D, params[0] as tf.Tensor2D).add(params[1]!);
    case 'conv': {
      const { stride, pad } = layer;
      return tf
        .conv2d(x as tf.Tensor4D, params[0] as unknown as tf.Tensor4D, stride, pad)
        .add(params[1]!);
    }
    case 'batchNorm': {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return tf.batchNorm(
        x,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        params[1] as tf.Tensor1D,
        params[0] as tf.Tensor1D,
        1e-5,
      );
    }
    case 'avgPool':
      return tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid');
    case 'flatten':
      return x.reshape([x.shape[0]!, -1]);
    case 'view':
      return x.reshape([x.shape[0]!, layer.size, layer.size, layer.channels]);
    case 'relu':
      return tf.relu(x);
    case 'leakyRelu':
      return tf.leakyRelu(x, LEAK);
    case 'tanh':
      return tf.tanh(x);
  }
}
