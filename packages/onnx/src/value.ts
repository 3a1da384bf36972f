/**
 * A graph under construction is nothing but its values: each knows the node that makes it, and the
 * node knows the values it takes. Names are given when a model is built (build.ts).
 */
import { OnnxError } from './error.ts';
import type { DType, Tensor } from './tensor.ts';
import { float32, int64 } from './tensor.ts';

/** A dimension: a size, or the name of one that is known only when the model runs. */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** A node's attribute: an int, ints, or a float (which JavaScript cannot tell from an int). */
export type Attribute = number | readonly number[] | { readonly float: number };

export interface Node {
  readonly op: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly Value[];
  /** The same outputs in other operators, for runtimes that lack this one. */
  readonly composed?: () => readonly Value[];
  /** Of an operator that is ganport's own: no file has it, `composed` is written in its place. */
  readonly own?: boolean;
}

type Origin =
  | { readonly input: string }
  | { readonly constant: Tensor; readonly name?: string | undefined }
  | { readonly node: Node; readonly index: number };

/** A tensor of a graph: element type, shape, and where it comes from. */
export class Value {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly origin: Origin;

  constructor(dtype: DType, shape: Shape, origin: Origin) {
    this.dtype = dtype;
    this.shape = shape;
    this.origin = origin;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** The node that makes this value; undefined for an input or a constant. */
  get node(): Node | undefined {
    return 'node' in this.origin ? this.origin.node : undefined;
  }
}

/** A graph input. A string among the dimensions is a symbolic one, such as the batch "N". */
export function input(name: string, dtype: DType, shape: Shape): Value {
  return new Value(dtype, shape, { input: name });
}

/** A constant, stored in the model; named after `name` where that is given. */
export function constant(tensor: Tensor, name?: string): Value {
  return new Value(tensor.dtype, tensor.shape, { constant: tensor, name });
}

/** A float32 scalar. */
export function scalar(value: number): Value {
  return constant(float32(value));
}

/** A one-dimensional int64 constant. */
export function ints(values: readonly number[]): Value {
  return constant(int64(values));
}

/** The tensor behind a constant; undefined for any other value. */
export function constantOf(value: Value): Tensor | undefined {
  return 'constant' in value.origin ? value.origin.constant : undefined;
}

export interface OutputType {
  dtype: DType;
  shape: Shape;
}

/** A node and its outputs: what every operator of ops/ ends with. */
export function makeNode(
  op: string,
  inputs: readonly (Value | undefined)[],
  attributes: Readonly<Record<string, Attribute>>,
  outputs: readonly OutputType[],
  more: Pick<Node, 'composed' | 'own'> = {},
): readonly Value[] {
  const values: Value[] = [];
  const node: Node = { op, inputs, attributes, outputs: values, ...more };
  outputs.forEach(({ dtype, shape }, index) => {
    values.push(new Value(dtype, shape, { node, index }));
  });
  return values;
}

/** A node with one output. */
export function makeValue(
  op: string,
  inputs: readonly (Value | undefined)[],
  attributes: Readonly<Record<string, Attribute>>,
  dtype: DType,
  shape: Shape,
): Value {
  return makeNode(op, inputs, attributes, [{ dtype, shape }])[0]!;
}

/**
 * The output of an operator of ganport's own: one that an engine may have a kernel for, and that gradients
 * have a rule for, where ONNX has none.
 */
export function makeOwn(
  op: string,
  inputs: readonly Value[],
  attributes: Readonly<Record<string, Attribute>>,
  { dtype, shape }: OutputType,
  composed: () => Value,
): Value {
  const more = { own: true, composed: () => [composed()] };
  return makeNode(op, inputs, attributes, [{ dtype, shape }], more)[0]!;
}

export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** The sizes of a shape. @throws OnnxError if one is symbolic. */
export function knownShape(shape: Shape, what: string): number[] {
  return shape.map((dim) => {
    if (typeof dim === 'number') return dim;
    throw new OnnxError(`${what}: every dimension of ${showShape(shape)} must be a known size`);
  });
}

/** @throws OnnxError unless the value has this axis, counted from 0. */
export function expectAxis({ shape }: Value, axis: number, what: string): void {
  if (Number.isInteger(axis) && axis >= 0 && axis < shape.length) return;
  throw new OnnxError(`${what}: ${showShape(shape)} has no axis ${axis}`);
}

/** @throws OnnxError unless the value has this shape. */
export function expectShape(what: string, { shape }: Value, expected: readonly Dim[]): void {
  if (showShape(shape) === showShape(expected)) return;
  throw new OnnxError(`${what}: expected ${showShape(expected)}, got ${showShape(shape)}`);
}

/** The size along one axis, such as a channel count. @throws OnnxError if it is symbolic. */
export function knownDim(value: Value, axis: number, what: string): number {
  expectAxis(value, axis, what);
  return knownShape([value.shape[axis]!], what)[0]!;
}
