import { type InferenceGraph, inferenceGraph } from '@ganport/model';
import { constant, float32 } from '@ganport/onnx';
import type { WeightedNetwork } from './weighted-network.ts';

/**
 * Makes a graph of a network, its weights constants in it.
 *
 * Before: a network with all its weights.
 * After: a graph whose only inputs are the network's; each of its nodes is one that drawing needs. Layers
 * that do nothing when drawing are gone, and so is whatever leads only to outputs other than the main one.
 */
export function bake({ network, weights }: WeightedNetwork): InferenceGraph {
  const constants = network.parameters.map(({ name, shape }) => {
    return [name, constant(float32(weights[name]!, shape), name)] as const;
  });
  return inferenceGraph(network, Object.fromEntries(constants));
}
