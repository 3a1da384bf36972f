/** A trained generator as a model of its own: z in, pictures out. */
import { inferenceGraph, type Network } from '@ganport/model';
import {
  buildModel,
  constant,
  encodeModel,
  float32,
  ops as op,
  scalar,
  type Value,
} from '@ganport/onnx';
import type { WeightArrays } from './fold.ts';

/** uint8 is [N, H, W, C] in 0…255; float32 is [N, C, H, W] in −1…1. */
export type ImageOutput = 'uint8' | 'float32';

export interface GeneratorOptions {
  output: ImageOutput;
  opset: number;
  metadata: Record<string, string>;
  producerVersion: string;
}

export function buildGenerator(
  network: Network,
  weights: WeightArrays,
  options: GeneratorOptions,
): Uint8Array {
  const constants = network.parameters.map(({ name, shape }) => {
    return [name, constant(float32(weights[name]!, shape), name)] as const;
  });
  const { inputs, image } = inferenceGraph(network, Object.fromEntries(constants));
  const { output, opset, metadata, producerVersion } = options;
  return encodeModel(
    buildModel({
      name: 'generator',
      inputs,
      outputs: { image: output === 'uint8' ? toBytes(image) : image },
      opset,
      metadata,
      producerVersion,
    }),
  );
}

/**
 * Images [N, C, H, W] in −1…1 to bytes [N, H, W, C], rounded. Clipped before the cast, which wraps
 * in a way of each provider's own; 0.5 is added because Round has no WebGPU kernel.
 */
function toBytes(image: Value): Value {
  const levels = op.Clip(op.Add(op.Mul(image, scalar(127.5)), scalar(128)), 0, 255);
  const [n, channels, height, width] = image.shape;
  const last =
    channels === 1
      ? op.Reshape(levels, [n!, height!, width!, 1])
      : op.Transpose(levels, [0, 2, 3, 1]);
  return op.Cast(last, 'uint8');
}
