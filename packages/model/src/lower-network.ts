/** A network as ONNX operators. */
import type { Value } from '@ganport/onnx';
import { codedLatents } from './codes.ts';
import { ModelError, quote } from './error.ts';
import {
  type Distribution,
  LAYERS,
  LayerError,
  type LayerKind,
  type Size,
} from './layers/index.ts';
import type { Network } from './network.ts';

export interface LowerOptions {
  /** With batch statistics and random numbers, reporting updates; or as it draws. */
  training: boolean;
  /**
   * Makes random numbers for a layer in training, other ones in each pass of each step. Needed where a
   * layer asks for any; `name` is the layer's and its own, `3.mask`.
   */
  random?: (name: string, shape: Size, distribution: Distribution) => Value;
}

export interface Lowered {
  /** By name, [N, ...shape] each; the main one is `output`. */
  outputs: Record<string, Value> & { output: Value };
  /** The next values of parameters that are counted and not trained, by full name; none when drawing. */
  updates: Record<string, Value>;
}

/**
 * A pass through a network. A step's next pass takes the updates of the last in its weights.
 * @param inputs by name: tensors float32 [N, ...shape], labels int64 [N]
 * @param weights its parameters by full name
 * @throws ModelError if the batch does not fit a layer, naming it
 */
export function lowerNetwork(
  network: Network,
  inputs: Readonly<Record<string, Value>>,
  weights: Readonly<Record<string, Value>>,
  { training, random }: LowerOptions,
): Lowered {
  const values = new Map<string, Value>(Object.entries(inputs));
  if (network.codes.length > 0) values.set('z', codedLatents(inputs.z!, network.codes));
  const updates: [string, Value][] = [];
  for (const { name, type, options, from } of network.layers) {
    const where = `layer ${quote(name)} (${type})`;
    const kind: LayerKind = LAYERS[type];
    try {
      const y = kind.lower(
        options,
        from.map((source) => values.get(source)!),
        {
          training,
          weight: (parameter) => weights[`${name}.${parameter}`]!,
          update: (parameter, next) => updates.push([`${name}.${parameter}`, next]),
          random: (what, shape, distribution) => {
            if (random) return random(`${name}.${what}`, shape, distribution);
            throw new LayerError('it needs random numbers, and this pass has none');
          },
        },
      );
      values.set(name, y);
    } catch (error) {
      if (error instanceof LayerError) throw new ModelError(`${where}: ${error.message}`);
      throw error;
    }
  }
  const outputs = Object.entries(network.outputs).map(
    ([name, { layer }]) => [name, values.get(layer)!] as const,
  );
  return {
    outputs: Object.fromEntries(outputs) as Lowered['outputs'],
    updates: Object.fromEntries(updates),
  };
}
