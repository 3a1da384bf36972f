/** A trained generator as a model of its own: z in, pictures out. */
import { type InferenceGraph, numbersToBytes } from '@ganport/model';
import { buildModel, encodeModel } from '@ganport/onnx';

/** uint8 is [N, H, W, C] in 0…255; float32 is [N, C, H, W] in −1…1. */
export type ImageOutput = 'uint8' | 'float32';

export interface GeneratorOptions {
  output: ImageOutput;
  opset: number;
  metadata: Record<string, string>;
  producerVersion: string;
}

/** @param graph with its weights baked in */
export function buildGenerator(
  { inputs, image }: InferenceGraph,
  { output, opset, metadata, producerVersion }: GeneratorOptions,
): Uint8Array {
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
