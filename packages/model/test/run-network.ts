/** Runs a lowered network on onnxruntime, and compares it with the reference. */
import {
  buildModel,
  constant,
  encodeModel,
  float32,
  gradients,
  input,
  ops as op,
  type Value,
} from '@ganport/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect } from 'vitest';
import { lowerNetwork } from '../src/lower-network.ts';
import type { Network } from '../src/network.ts';
import type { Batch } from './arrays.ts';
import { type Batches, randomNumbers } from './reference-network.ts';

export interface RunOptions {
  /** The batch is of known size then; else it is symbolic. */
  training: boolean;
  /** Also gives `gradient.NAME` of Σ weighting · output for these weights and inputs. */
  gradientsOf?: readonly string[];
  weighting?: Batch;
}

/** A network's outputs and updates by name. */
export async function runNetwork(
  network: Network,
  feeds: Batches,
  weights: Batches,
  { training, gradientsOf = [], weighting }: RunOptions,
): Promise<Record<string, Tensor>> {
  const values = Object.entries(feeds).map(([name, { shape }]) => {
    const dims = [training ? shape[0]! : 'N', ...shape.slice(1)];
    return [name, input(name, name in network.labels ? 'int64' : 'float32', dims)] as const;
  });
  const constants = Object.entries(weights).map(([name, batch]) => {
    return [name, constantOf(batch)] as const;
  });
  const lowered = lowerNetwork(network, Object.fromEntries(values), Object.fromEntries(constants), {
    training,
    random: (...asked) => constantOf(randomNumbers(...asked)),
  });
  const outputs: Record<string, Value> = { ...lowered.outputs, ...lowered.updates };
  if (weighting) {
    const y = op.ReduceSum(op.Mul(lowered.outputs.output, constantOf(weighting)));
    const known = new Map<string, Value>([...values, ...constants]);
    const wrt = gradientsOf.map((name) => known.get(name)!);
    gradients(y, wrt).forEach((gradient, i) => {
      outputs[`gradient.${gradientsOf[i]}`] = gradient;
    });
  }
  return runGraph(
    values.map(([, value]) => value),
    outputs,
    feeds,
  );
}

/** Runs a graph; the feeds are in the order of its inputs. */
export async function runGraph(
  inputs: readonly Value[],
  outputs: Record<string, Value>,
  feeds: Batches,
): Promise<Record<string, Tensor>> {
  const model = encodeModel(buildModel({ name: 'net', inputs, outputs }));
  const session = await InferenceSession.create(model);
  try {
    const tensors = Object.values(feeds).map(({ shape, data }, i) => {
      const numbers = Array.from(data);
      return inputs[i]!.dtype === 'int64'
        ? new Tensor('int64', BigInt64Array.from(numbers, BigInt), shape)
        : new Tensor('float32', Float32Array.from(numbers), shape);
    });
    const named = Object.keys(feeds).map((name, i) => [name, tensors[i]!] as const);
    return (await session.run(Object.fromEntries(named))) as Record<string, Tensor>;
  } finally {
    await session.release();
  }
}

function constantOf({ shape, data }: Batch): Value {
  return constant(float32(data, shape));
}

/** Within 1e-5 of the largest number, or of 1: float32 against double, over sums of a hundred terms. */
export function expectClose(got: Tensor, expected: Batch): void {
  expect(got.dims).toEqual(expected.shape);
  const reference = Array.from(expected.data);
  const largest = Math.max(...reference.map(Math.abs));
  // Zeros would agree with zeros.
  expect(largest).toBeGreaterThan(0.01);
  const data = got.data as Float32Array;
  const worst = Math.max(...reference.map((value, i) => Math.abs(value - data[i]!)));
  expect(worst / Math.max(1, largest)).toBeLessThan(1e-5);
}
