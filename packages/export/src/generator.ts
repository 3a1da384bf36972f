/** A trained generator as a model of its own: z in, pictures out. */
import { inferenceGraph, type Network, numbersToBytes } from '@ganport/model';
import { buildModel, constant, encodeModel, float32 } from '@ganport/onnx';
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
      outputs: { image: output === 'uint8' ? numbersToBytes(image) : image },
      opset,
      metadata,
      producerVersion,
    }),
  );
}
