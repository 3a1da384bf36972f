import { lowerNetwork, resolveNetwork } from '@ganport/model';
import { buildModel, constant, encodeModel, float32 } from '@ganport/onnx';
import * as tf from '@tensorflow/tfjs';
import { InferenceSession } from 'onnxruntime-node';
import { beforeAll, expect, test } from 'vitest';
import { loadBackend } from '../src/tensorflow/backend.ts';

beforeAll(async () => {
  await loadBackend('cpu', 1);
});

function numbers(count: number, salt: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(12.9 * (i + 1) + 78.2 * salt));
}

/** [N, C, H, W] by TensorFlow.js, of an image and a kernel laid out as PyTorch's. */
function byTensorFlow(x: tf.Tensor4D, w: tf.Tensor4D): number[] {
  return tf.tidy(() => {
    const [n, , h, v] = x.shape;
    const image = tf.transpose(x, [0, 2, 3, 1]);
    const kernel = tf.transpose(w, [2, 3, 1, 0]) as tf.Tensor4D;
    const shape: [number, number, number, number] = [n, 2 * h, 2 * v, w.shape[1]];
    const y = tf.conv2dTranspose(image as tf.Tensor4D, kernel, shape, 2, 'same');
    return [...tf.transpose(y, [0, 3, 1, 2]).dataSync()];
  });
}

// What tfjs-examples' ACGAN and Keras models have: output size = input size · stride.
test.each([
  [5, [1, 1, 2, 2]],
  [4, 1],
  [3, [0, 0, 1, 1]],
] as const)(
  "transposed convolutions of %i × %i double an image as TensorFlow's same padding does",
  async (kernel, pad) => {
    const [xShape, wShape] = [
      [2, 3, 4, 3],
      [3, 2, kernel, kernel],
    ] as [[number, number, number, number], [number, number, number, number]];
    const [x, w] = [xShape, wShape].map((shape, salt) =>
      numbers(
        shape.reduce((a, b) => a * b, 1),
        salt,
      ),
    );
    const layer = { type: 'convTranspose2d', filters: 2, kernel, stride: 2, pad, bias: false };
    const network = resolveNetwork({ inputs: { x: xShape.slice(1) }, layers: [layer] }, 'net');
    const { outputs } = lowerNetwork(
      network,
      { x: constant(float32(x!, xShape)) },
      { '0.weight': constant(float32(w!, wShape)) },
      { training: false },
    );
    const session = await InferenceSession.create(
      encodeModel(buildModel({ name: 'net', inputs: [], outputs })),
    );
    try {
      const { output } = await session.run({});
      expect(output!.dims).toEqual([2, 2, 8, 6]);
      const [image, weight] = [tf.tensor4d(x!, xShape), tf.tensor4d(w!, wShape)];
      const expected = byTensorFlow(image, weight);
      tf.dispose([image, weight]);
      expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1);
      for (const [i, value] of expected.entries())
        expect((output!.data as Float32Array)[i]).toBeCloseTo(value, 4);
    } finally {
      await session.release();
    }
  },
);
