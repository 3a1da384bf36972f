/** A generator by calls of TensorFlow.js, fused where it has fused ones: no loader of models is downloaded for it. */
import * as tf from '@tensorflow/tfjs-core';
import type { Part, TfjsLayer, TfjsNetwork } from '../../src/tfjs-network.ts';
import type { Drawer, Wanted } from './page.ts';

export async function openTfjs(
  backend: string,
  { preset }: Wanted,
  description: string,
): Promise<Drawer> {
  // All at once.
  const [network, numbers, set] = await Promise.all([
    fetch(`${preset}.json`).then((answer) => answer.json() as Promise<TfjsNetwork>),
    fetch(`${preset}.bin`).then(async (answer) => new Float32Array(await answer.arrayBuffer())),
    tf.setBackend(backend),
  ]);
  if (!set) throw new Error(`no backend ${backend}`);
  const { latent, height, width, layers } = network;
  const tensor = ({ at, shape }: Part) =>
    tf.tensor(numbers.subarray(at, at + tf.util.sizeFromShape(shape)), shape);
  const steps = layers.map((layer) => stepOf(layer, tensor));
  const numbersOf = async (latents: Float32Array, count: number) => {
    const out = tf.tidy(() => {
      let x: tf.Tensor = tf.tensor(latents, [count, latent]);
      for (const step of steps) x = step(x);
      return x;
    });
    const data = await out.data();
    out.dispose();
    return data;
  };
  const of = async (latents: Float32Array, count: number) =>
    Uint8Array.from(await numbersOf(latents, count), levelOf);
  return {
    description: `TensorFlow.js ${tf.version_core}, ${description}`,
    async show(canvas) {
      const levels = await of(normal(latent), 1);
      const picture = new ImageData(width, height);
      for (const [i, level] of levels.entries()) {
        picture.data.set([level, level, level, 255], 4 * i);
      }
      Object.assign(canvas, { width, height });
      canvas.getContext('2d')!.putImageData(picture, 0, 0);
    },
    draw: (count) => of(normal(count * latent), count),
    of,
  };
}

/** As generators of ganport's round: they add a half and cut. */
function levelOf(number: number): number {
  return Math.min(Math.max(number * 127.5 + 128, 0), 255);
}

function stepOf(layer: TfjsLayer, tensor: (part: Part) => tf.Tensor): (x: tf.Tensor) => tf.Tensor {
  if (layer.type === 'view') return (x) => tf.reshape(x, [x.shape[0]!, ...layer.shape]);
  if (layer.type === 'tanh') return (x) => tf.tanh(x);
  if (!('kernel' in layer)) return (x) => tf.relu(x);
  const [kernel, bias] = [tensor(layer.kernel), tensor(layer.bias)];
  const activation = layer.relu ? 'relu' : 'linear';
  if (layer.type === 'dense') {
    const b = kernel as tf.Tensor2D;
    return (x) => tf.fused.matMul({ a: x as tf.Tensor2D, b, bias, activation });
  }
  const filter = kernel as tf.Tensor4D;
  if (layer.type === 'conv') {
    const { stride: strides, pad } = layer;
    return (x) => tf.fused.conv2d({ x: x as tf.Tensor4D, filter, strides, pad, bias, activation });
  }
  const { stride } = layer;
  return (x) => {
    const [count, height, width] = x.shape as [number, number, number];
    const shape = [count, stride * height, stride * width, filter.shape[2]] as const;
    const drawn = tf.conv2dTranspose(x as tf.Tensor4D, filter, [...shape], stride, 'same');
    const shifted = tf.add(drawn, bias);
    return layer.relu ? tf.relu(shifted) : shifted;
  };
}

/** Of the normal distribution (Box and Muller 1958), at less cost than TensorFlow.js's own. */
function normal(count: number): Float32Array {
  return Float32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - Math.random()));
    return radius * Math.cos(2 * Math.PI * Math.random());
  });
}
