/** The generator for drawing: with running statistics, whatever the batch. */
import { input, type Value } from '@ganport/onnx';
import { lowerNetwork } from './lower-network.ts';
import type { Network } from './network.ts';

export interface InferenceGraph {
  /** The network's inputs: tensors, float32 [N, ...shape], then labels, int64 [N]. */
  inputs: Value[];
  /** Images, float32 [N, C, H, W] in −1…1. */
  image: Value;
}

/** The generator on given weights, by parameter name. */
export function inferenceGraph(
  generator: Network,
  weights: Readonly<Record<string, Value>>,
): InferenceGraph {
  const tensors = Object.entries(generator.inputs).map(
    ([name, shape]) => [name, input(name, 'float32', ['N', ...shape])] as const,
  );
  const labels = Object.keys(generator.labels).map(
    (name) => [name, input(name, 'int64', ['N'])] as const,
  );
  const inputs = Object.fromEntries([...tensors, ...labels]);
  const { outputs } = lowerNetwork(generator, inputs, weights, { training: false });
  return { inputs: Object.values(inputs), image: outputs.output };
}

/** A trained weight's name in a state: that of its moving average, where one is kept. */
export function drawnWeight(name: string, trained: boolean, ema: boolean): string {
  return ema && trained ? `ema.generator.${name}` : `generator.${name}`;
}

/** The same with its weights as further inputs, named as in the training state: what samples while training. */
export function samplerGraph(generator: Network, ema: boolean): InferenceGraph {
  const weights = generator.parameters.map(({ name, shape, trained }) => {
    return [name, input(drawnWeight(name, trained, ema), 'float32', shape)] as const;
  });
  const { inputs, image } = inferenceGraph(generator, Object.fromEntries(weights));
  return { inputs: [...inputs, ...weights.map(([, value]) => value)], image };
}
