/**
 * A network's forward pass in plain double arithmetic, which lowering is tested against, and random
 * numbers to pass through it.
 */

import type { Distribution } from '../src/layers/index.ts';
import type { Network } from '../src/network.ts';
import { normalQuantile } from '../src/normal.ts';
import { nameIndex, randomSequence, STREAM } from '../src/random.ts';
import { type Batch, range } from './arrays.ts';
import type { Context } from './layer-rows/row.ts';
import { ROWS } from './layer-rows.ts';

export type Batches = Readonly<Record<string, Batch>>;

/** The outputs by name, and in training the next values of what the network counts, by full name. */
export function forward(
  network: Network,
  inputs: Batches,
  weights: Batches,
  training: boolean,
): { outputs: Record<string, Batch>; updates: Record<string, Batch> } {
  const values = new Map(Object.entries(inputs));
  const updates: Record<string, Batch> = {};
  for (const { name, type, options, from } of network.layers) {
    const context: Context = {
      options,
      training,
      weight: (parameter) => weights[`${name}.${parameter}`]!,
      update: (parameter, next) => {
        updates[`${name}.${parameter}`] = next;
      },
      random: (what, shape, distribution) => randomNumbers(`${name}.${what}`, shape, distribution),
    };
    const taken = from.map((source) => values.get(source)!);
    values.set(name, ROWS[type].reference(taken, context));
  }
  const outputs = Object.entries(network.outputs).map(([name, { layer }]) => [
    name,
    values.get(layer)!,
  ]);
  return { outputs: Object.fromEntries(outputs), updates };
}

/** What a layer gets for `random(name, …)`, in the reference and in the graph. */
export function randomNumbers(
  name: string,
  shape: readonly number[],
  distribution: Distribution,
): Batch {
  const { uniform } = randomSequence(5, STREAM.training, nameIndex(name));
  const count = shape.reduce((a, b) => a * b, 1);
  const draw = distribution === 'uniform' ? uniform : () => normalQuantile(uniform());
  return { shape, data: Float32Array.from({ length: count }, draw) };
}

/** Random weights in ±1. */
export function randomWeights({ parameters }: Network): Record<string, Batch> {
  const weights = parameters.map(({ name, shape }) => {
    const { data } = randomNumbers(name, shape, 'uniform');
    // A variance is positive, and nothing is divided by almost zero.
    const low = name.endsWith('running_var') ? 0.3 : -1;
    return [name, { shape, data: Float32Array.from(data, (u) => low + (1 - low) * u) }] as const;
  });
  return Object.fromEntries(weights);
}

/** Random inputs: tensors in ±1, labels of all classes alike. */
export function randomInputs({ inputs, labels }: Network, count: number): Record<string, Batch> {
  const tensors = Object.entries(inputs).map(([name, shape]) => {
    const { data, ...batch } = randomNumbers(`input ${name}`, [count, ...shape], 'uniform');
    return [name, { ...batch, data: Float32Array.from(data, (u) => 2 * u - 1) }] as const;
  });
  const classes = Object.entries(labels).map(([name, n]) => {
    const { uniform } = randomSequence(6, STREAM.training, nameIndex(name));
    const data = range(count).map(() => Math.floor(uniform() * n));
    return [name, { shape: [count], data }] as const;
  });
  return Object.fromEntries([...tensors, ...classes]);
}
