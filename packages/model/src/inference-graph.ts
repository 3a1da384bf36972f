/** The generator for drawing: with running statistics, whatever the batch. */
import { input, type Value } from '@ganport/onnx';
import { lowerNetwork, type Network } from './network.ts';

export interface InferenceGraph {
  /** Input "z", float32 [N, latent]. */
  z: Value;
  /** Images, float32 [N, C, H, W] in −1…1. */
  image: Value;
}

/** The generator on given weights, by parameter name. */
export function inferenceGraph(
  generator: Network,
  weights: Readonly<Record<string, Value>>,
): InferenceGraph {
  const z = input('z', 'float32', ['N', ...generator.inputs.z!]);
  const { output } = lowerNetwork(generator, { z }, weights, 'running');
  return { z, image: output };
}

/** A trained weight's name in a state: that of its moving average, where one is kept. */
export function drawnWeight(name: string, trained: boolean, ema: boolean): string {
  return ema && trained ? `ema.generator.${name}` : `generator.${name}`;
}

/** The same with its weights as inputs, named as in the training state: what samples while training. */
export function samplerGraph(
  generator: Network,
  ema: boolean,
): InferenceGraph & { inputs: Value[] } {
  const weights = generator.parameters.map(({ name, shape, trained }) => {
    return [name, input(drawnWeight(name, trained, ema), 'float32', shape)] as const;
  });
  const graph = inferenceGraph(generator, Object.fromEntries(weights));
  return { ...graph, inputs: [graph.z, ...weights.map(([, value]) => value)] };
}
