/** A graph run node by node. */
import { SampleError } from '../error.ts';
import { type Node, readGraph, type Tensor } from './graph.ts';
import { KERNELS } from './kernels.ts';

export interface OpenGraph {
  /** Inputs by their names → the output `image`. @throws SampleError that names the node which fails */
  run(inputs: Readonly<Record<string, Tensor>>): Tensor;
  metadata: Readonly<Record<string, string>>;
}

/** @throws SampleError if it is not a model, or has operators that are not among the small runtime's */
export function openGraph(model: Uint8Array): OpenGraph {
  const { nodes, constants, metadata } = readGraph(model);
  const unknown = new Set(nodes.map(({ op }) => op).filter((op) => !Object.hasOwn(KERNELS, op)));
  if (unknown.size > 0) {
    throw new SampleError(`the small runtime has no ${[...unknown].slice(0, 5).join(', no ')}`);
  }
  return {
    metadata,
    run(inputs) {
      const values = new Map([...constants, ...Object.entries(inputs)]);
      for (const node of nodes) values.set(node.outputs[0]!, runNode(node, values));
      const image = values.get('image');
      if (!image) throw new SampleError('the model has no output "image"');
      return image;
    },
  };
}

function runNode({ op, inputs, attributes }: Node, values: ReadonlyMap<string, Tensor>): Tensor {
  const given = inputs.map((name) => {
    const value = values.get(name);
    if (!value && name !== '') throw new SampleError(`${op} takes "${name}", which nothing gives`);
    return value!;
  });
  try {
    return KERNELS[op]!(given, attributes);
  } catch (error) {
    if (error instanceof SampleError) throw error;
    throw new SampleError(
      `${op} does not take ${given.map((one) => `[${one?.shape}]`).join(' and ')}`,
    );
  }
}
