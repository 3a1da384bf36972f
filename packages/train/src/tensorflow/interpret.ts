/**
 * A graph interpreted node by node with TensorFlow.js. The table of kernels is a module; an operator that it
 * lacks is interpreted as what it is composed of.
 */
import {
  constantOf,
  firstLine,
  type Node,
  OnnxError,
  type Tensor,
  type Value,
} from '@ganport/onnx';
import * as tf from '@tensorflow/tfjs';
import type { Kernel } from './kernel.ts';
import * as kernels from './kernels/index.ts';
import { plain, type Stored, withinTidy } from './stored.ts';

/** A graph ready to run. Whoever makes one disposes it. */
export interface Interpreter {
  /**
   * @param inputs of the graph, which stay the caller's
   * @param pause called between nodes; what it promises is waited for, what it throws ends the run
   * @returns the outputs in order, in tensors of their own that the caller disposes
   */
  run(
    inputs: ReadonlyMap<Value, Stored>,
    pause?: () => Promise<void> | undefined,
  ): Promise<Stored[]>;
  dispose(): void;
}

/**
 * Orders the graph that these values are the outputs of, and uploads its constants.
 * @throws OnnxError naming an operator that has no kernel
 */
export function interpreter(outputs: readonly Value[]): Interpreter {
  const { calls, results } = plan(outputs);
  const constants = new Map<Value, Stored>();
  for (const value of [...calls.flatMap(({ inputs }) => inputs), ...results]) {
    const constant = value && constantOf(value);
    if (constant && !constants.has(value)) constants.set(value, plain(upload(constant)));
  }
  return {
    async run(inputs, pause) {
      const made = new Map<Value, Stored>();
      const find = (value: Value): Stored => {
        const stored = made.get(value) ?? constants.get(value) ?? inputs.get(value);
        if (!stored) {
          const { input } = value.origin as { input: string };
          throw new OnnxError(`the graph was run without its input "${input}"`);
        }
        return stored;
      };
      try {
        for (const call of calls) {
          const wait = pause?.();
          if (wait) await wait;
          const given = call.inputs.map((value) => value && find(value));
          const computed = compute(call, given as Stored[]);
          call.node.outputs.forEach((value, i) => {
            made.set(value, computed[i]!);
          });
          for (const value of call.last) {
            made.get(value)!.tensor.dispose();
            made.delete(value);
          }
        }
        // Clones: an output may be an input, a constant, or another output too.
        return withinTidy(() =>
          results.map((value) => {
            const { tensor, order } = find(value);
            return { tensor: tensor.clone(), order };
          }),
        );
      } finally {
        for (const { tensor } of made.values()) tensor.dispose();
      }
    },
    dispose() {
      for (const { tensor } of constants.values()) tensor.dispose();
      constants.clear();
    },
  };
}

/** A tensor of the graph's, uploaded: integers as int32, which is all that TensorFlow.js has. */
export function upload({ dtype, shape, data }: Tensor): tf.Tensor {
  // Copies: a backend may keep the array that it is given.
  if (dtype === 'float32') return tf.tensor(new Float32Array(data as Float32Array), [...shape]);
  if (dtype === 'bool') return tf.tensor(new Uint8Array(data as Uint8Array), [...shape], 'bool');
  const numbers =
    data instanceof BigInt64Array ? Int32Array.from(data, Number) : new Int32Array(data);
  return tf.tensor(numbers, [...shape], 'int32');
}

/** A node's turn. */
interface Call {
  node: Node;
  kernel: Kernel;
  inputs: readonly (Value | undefined)[];
  /** Values that nothing needs after it. */
  last: Value[];
}

function compute({ node, kernel }: Call, inputs: readonly Stored[]): readonly Stored[] {
  try {
    return withinTidy(() => {
      const computed = kernel(inputs, node);
      const outputs = 'tensor' in computed ? [computed] : computed;
      return outputs.map(({ tensor, order }) => {
        const isInput = inputs.some((input) => input?.tensor === tensor);
        return { tensor: isInput ? tensor.clone() : tensor, order };
      });
    });
  } catch (error) {
    throw new OnnxError(`${node.op}: ${firstLine(error)}`, { cause: error });
  }
}

/** Every node once, each after those that it needs: without recursion, for graphs are thousands of nodes deep. */
function plan(outputs: readonly Value[]): { calls: Call[]; results: Value[] } {
  const written = composer();
  const results = outputs.map(written);
  const calls: Call[] = [];
  const done = new Set<Node>();
  for (const result of results) {
    const stack = result.node ? [result.node] : [];
    while (stack.length > 0) {
      const node = stack.at(-1)!;
      const inputs = node.inputs.map((value) => value && written(value));
      const next = inputs.find((value) => value?.node && !done.has(value.node))?.node;
      if (next && !done.has(node)) {
        stack.push(next);
        continue;
      }
      stack.pop();
      if (!done.has(node)) calls.push({ node, kernel: kernelOf(node), inputs, last: [] });
      done.add(node);
    }
  }
  addLastUses(calls, results);
  return { calls, results };
}

function addLastUses(calls: readonly Call[], results: readonly Value[]): void {
  const needed = new Set(results);
  for (const { node, inputs, last } of [...calls].reverse()) {
    for (const value of [...node.outputs, ...inputs]) {
      if (!value || needed.has(value)) continue;
      needed.add(value);
      if (value.node) last.push(value);
    }
  }
}

const KERNELS: Readonly<Record<string, Kernel>> = kernels;

function kernelOf({ op }: Node): Kernel {
  const kernel = KERNELS[op];
  if (!kernel) throw new OnnxError(`the tensorflow engine has no kernel for operator ${op}`);
  return kernel;
}

/** Gives a value as it is interpreted: itself, or what it is composed of where its operator has no kernel. */
function composer(): (value: Value) => Value {
  const composed = new Map<Node, readonly Value[]>();
  return (value) => {
    let written = value;
    while ('node' in written.origin) {
      const { node, index } = written.origin;
      if (!node.composed || node.op in KERNELS) break;
      const outputs = composed.get(node) ?? node.composed();
      composed.set(node, outputs);
      written = outputs[index]!;
    }
    return written;
  };
}
