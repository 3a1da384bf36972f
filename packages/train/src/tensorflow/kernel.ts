/** What an operator's kernel is, and how it reads its node. */
import { constantOf, type Node, OnnxError } from '@ganport/onnx';
import type { Stored } from './stored.ts';

/**
 * An operator in TensorFlow.js: from its inputs to its outputs, or its one output. What it makes on the way is
 * disposed after it; an output may be an input's tensor. An input that the node leaves out is undefined.
 */
export type Kernel = (inputs: readonly Stored[], node: Node) => Stored | readonly Stored[];

/** The numbers of a constant input: axes, sizes, a bound. @throws OnnxError if it is not constant */
export function numbers({ inputs }: Node, index: number): number[] {
  const tensor = inputs[index] && constantOf(inputs[index]);
  if (!tensor) throw new OnnxError(`expected input ${index} to be constant`);
  return Array.from(tensor.data, Number);
}

/** A float attribute. */
export function float({ attributes }: Node, name: string): number {
  return (attributes[name] as { float: number }).float;
}
