/** A graph run node by node. */
import { sizeOf } from '@ganport/onnx';
import { SampleError } from '../error.ts';
import { type Node, readGraph, type Tensor } from './graph.ts';
import { KERNELS } from './kernels.ts';

export interface OpenGraph {
  /**
   * Inputs by their names → the output `image`.
   * @param maxWork multiplications of matrices' elements after which it gives up: no limit unless given
   * @throws SampleError that names the node which fails; TooMuchWork
   */
  run(inputs: Readonly<Record<string, Tensor>>, maxWork?: number): Tensor;
  metadata: Readonly<Record<string, string>>;
}

/** A run that was given up before it took too long. */
class TooMuchWork extends SampleError {
  override name = 'TooMuchWork';
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
    run(inputs, maxWork = Number.POSITIVE_INFINITY) {
      const values = new Map([...constants, ...Object.entries(inputs)]);
      let work = 0;
      for (const node of nodes) {
        const given = takenBy(node, values);
        work += workOf(node, given);
        if (work > maxWork) {
          throw new TooMuchWork(`a picture takes more than ${maxWork} multiplications`);
        }
        const made = [runNode(node, given)].flat();
        for (const [i, name] of node.outputs.entries()) if (made[i]) values.set(name, made[i]);
      }
      const image = values.get('image');
      if (!image) throw new SampleError('the model has no output "image"');
      return image;
    },
  };
}

function takenBy({ op, inputs }: Node, values: ReadonlyMap<string, Tensor>): Tensor[] {
  return inputs.map((name) => {
    const value = values.get(name);
    if (!value && name !== '') throw new SampleError(`${op} takes "${name}", which nothing gives`);
    return value!;
  });
}

/** Multiplications of the products of matrices, as all that costs are. What a node refuses has any number. */
function workOf({ op, attributes }: Node, [x, weights]: readonly Tensor[]): number {
  if (!x || !weights) return 0;
  if (op === 'Gemm' || op === 'MatMul') {
    return (sizeOf(x.shape) / x.shape.at(-1)!) * weights.data.length;
  }
  if (op !== 'Conv' && op !== 'ConvTranspose') return 0;
  const { strides } = attributes;
  const [down = 1, across = 1] = op === 'Conv' && Array.isArray(strides) ? strides : [];
  const [count = 1, , ...plane] = x.shape;
  return (count * sizeOf(plane) * weights.data.length) / (down * across);
}

function runNode({ op, attributes }: Node, given: readonly Tensor[]): Tensor | Tensor[] {
  try {
    return KERNELS[op]!(given, attributes);
  } catch (error) {
    if (error instanceof SampleError) throw error;
    throw new SampleError(
      `${op} does not take ${given.map((one) => `[${one?.shape}]`).join(' and ')}`,
    );
  }
}
