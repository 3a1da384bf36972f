/** What a program's inputs and outputs are for, and whether the tensors it is given fit them. */
import { ARRAYS, type Shape, showShape, sizeOf, type Tensor } from '@ganport/onnx';
import { RuntimeError } from './error.ts';
import type { Port, ProgramOptions } from './program.ts';

export type Tensors = Readonly<Record<string, Tensor>>;

/** An input whose value goes from run to run. */
export interface StatePort extends Port {
  shape: readonly number[];
  /** The output that is its value after a run; null if no run changes it. */
  next: string | null;
}

export interface Bindings {
  inputs: readonly Port[];
  outputs: readonly Port[];
  /** Inputs that each run is given. */
  feeds: readonly Port[];
  state: readonly StatePort[];
  /** Outputs that each run returns: those that no state takes. */
  results: readonly Port[];
}

/** @throws RuntimeError if the state does not fit the model's inputs and outputs */
export function bindPorts(
  inputs: readonly Port[],
  outputs: readonly Port[],
  state: ProgramOptions['state'] = {},
): Bindings {
  const taken = new Map<string, string>();
  const ports = Object.entries(state).map(([name, next]): StatePort => {
    const port = inputs.find((one) => one.name === name);
    if (!port) throw new RuntimeError(`state "${name}" is no input: the model has ${list(inputs)}`);
    const { dtype, shape } = port;
    if (!isKnown(shape)) {
      throw new RuntimeError(`state "${name}" is ${show(port)}: expected known sizes`);
    }
    if (next !== null) {
      checkNext(port, next, outputs);
      const other = taken.get(next);
      if (other) throw new RuntimeError(`state "${name}" takes "${next}", which "${other}" takes`);
      taken.set(next, name);
    }
    return { name, dtype, shape, next };
  });
  return {
    inputs,
    outputs,
    feeds: inputs.filter(({ name }) => !Object.hasOwn(state, name)),
    state: ports,
    results: outputs.filter(({ name }) => !taken.has(name)),
  };
}

function checkNext(port: Port, next: string, outputs: readonly Port[]): void {
  const output = outputs.find(({ name }) => name === next);
  if (!output) {
    throw new RuntimeError(
      `state "${port.name}" takes "${next}", which is no output: the model has ${list(outputs)}`,
    );
  }
  if (show(output) !== show(port)) {
    throw new RuntimeError(
      `state "${port.name}" is ${show(port)}, but "${next}" is ${show(output)}: expected the same`,
    );
  }
}

/** @throws RuntimeError unless there is a tensor that fits for every feed, and none besides */
export function checkFeeds({ feeds, state }: Bindings, given: Tensors): void {
  if (typeof given !== 'object' || given === null) {
    throw new RuntimeError(`feeds: expected tensors by name, got ${given}`);
  }
  for (const name of Object.keys(given)) {
    if (feeds.some((port) => port.name === name)) continue;
    if (state.some((port) => port.name === name)) {
      throw new RuntimeError(`input "${name}" is state, which is written and not fed`);
    }
    throw new RuntimeError(`there is no input "${name}": expected ${list(feeds)}`);
  }
  for (const port of feeds) {
    const tensor = Object.hasOwn(given, port.name) ? given[port.name] : undefined;
    if (!tensor) throw new RuntimeError(`input "${port.name}" is missing: expected ${show(port)}`);
    checkTensor(port, tensor);
  }
}

/** @throws RuntimeError unless every tensor fits a state of its name */
export function checkState(bindings: Bindings, given: Tensors): void {
  for (const port of pickState(bindings, Object.keys(given))) checkTensor(port, given[port.name]!);
}

/** State of these names. @throws RuntimeError if there is none of one name */
export function pickState({ state }: Bindings, names: readonly string[]): StatePort[] {
  return names.map((name) => {
    const port = state.find((one) => one.name === name);
    if (port) return port;
    throw new RuntimeError(`there is no state "${name}": expected ${list(state)}`);
  });
}

function checkTensor(port: Port, { dtype, shape, data }: Tensor): void {
  const refuse = (expected: string, got: string) =>
    new RuntimeError(`input "${port.name}": expected ${expected}, got ${got}`);
  if (!ArrayBuffer.isView(data) || !Array.isArray(shape)) {
    throw refuse(show(port), 'what is not a tensor');
  }
  if (dtype !== port.dtype || !fits(shape, port.shape)) {
    throw refuse(show(port), show({ dtype, shape }));
  }
  if (!(data instanceof ARRAYS[dtype])) {
    throw refuse(`${dtype} in ${ARRAYS[dtype].name}`, (data as object).constructor.name);
  }
  const size = sizeOf(shape);
  if (data.length !== size) {
    throw refuse(`${size} elements of ${show({ dtype, shape })}`, `${data.length}`);
  }
}

function fits(shape: readonly number[], expected: Shape): boolean {
  return (
    shape.length === expected.length &&
    expected.every((dim, axis) => {
      const size = shape[axis]!;
      return typeof dim === 'number' ? size === dim : Number.isSafeInteger(size) && size > 0;
    })
  );
}

/** A tensor with data of its own. */
export function copyTensor({ dtype, shape, data }: Tensor): Tensor {
  // A Buffer's slice would be no copy.
  const copy = data instanceof Uint8Array ? new Uint8Array(data) : data.slice();
  return { dtype, shape: [...shape], data: copy };
}

export function zeros({ dtype, shape }: StatePort): Tensor {
  return { dtype, shape, data: new ARRAYS[dtype](sizeOf(shape)) };
}

/** Bytes of all tensors together. */
export function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
}

function isKnown(shape: Shape): shape is readonly number[] {
  return shape.every((dim) => typeof dim === 'number');
}

function show({ dtype, shape }: Pick<Port, 'dtype' | 'shape'>): string {
  return `${dtype} ${showShape(shape)}`;
}

function list(ports: readonly Port[]): string {
  return ports.map(({ name }) => name).join(', ') || 'none';
}
