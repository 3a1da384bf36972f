/** What memory a training step takes, by its graph: told before it is taken. */
import { type DType, type Node, sizeOf, type Value } from '@ganport/onnx';
import type { Recipe } from './recipe/recipe.ts';

const BYTES: Readonly<Record<DType, number>> = {
  bool: 1,
  float32: 4,
  int32: 4,
  int64: 8,
  uint8: 1,
};

/** Operators that give their first input's elements on, in its memory. */
const VIEWS: ReadonlySet<string> = new Set(['Reshape', 'Identity', 'Squeeze', 'Unsqueeze']);

/** What an engine takes to begin with: a library, a session, arrays of its own. */
const ENGINE_BYTES = 64e6;

/**
 * Bytes that a step of a recipe on the CPU needs at once, beside the process as it was before. Counted are
 *
 * - the engine itself: 64 MB;
 * - the state four times: as it is drawn, copied to be handed over, as it is before a step and after it;
 * - what the step is fed, twice: this step's, and the next one's, which is made meanwhile;
 * - of the tensors in between, the most that are needed at one time when nodes run one after the other in
 *   the order they are written in, each until its last use.
 *
 * Not counted are what an operator needs for itself while it runs, and what an allocator rounds up to or
 * keeps. onnxruntime was measured to take 0.8 to 1.2 times as much (step-memory.slow.test.ts).
 */
export function stepBytes(recipe: Recipe): number {
  const { state, feeds, metrics } = recipe;
  const feedBytes = sum(feeds.map(({ value }) => bytesOf(value)));
  const results = [...state.map(({ next }) => next), ...Object.values(metrics)];
  return ENGINE_BYTES + stateBytes(recipe) + 2 * feedBytes + peakBetween(results);
}

/** As it is drawn, copied to be handed over, as it is before a step and after it. */
export const STATE_COPIES = 4;

/** Of those, the bytes that the state takes, whatever the batch. */
export function stateBytes({ state }: Pick<Recipe, 'state'>): number {
  return STATE_COPIES * sum(state.map(({ now }) => bytesOf(now)));
}

/** The most bytes of tensors between inputs and results that are needed at one time, results left out. */
function peakBetween(results: readonly Value[]): number {
  const written = createWriter();
  const order = orderOf(results.map(written), written);
  // A view is kept by keeping what it is of.
  const whole = (value: Value): Value => {
    let of = written(value);
    while (of.node && VIEWS.has(of.node.op)) of = written(of.node.inputs[0]!);
    return of;
  };
  const kept = new Set(results.map(whole));
  const dies = lastUses(order, whole, kept);
  let [now, peak] = [0, 0];
  order.forEach((node, i) => {
    if (!VIEWS.has(node.op)) {
      now += sum(node.outputs.filter((value) => !kept.has(value)).map(bytesOf));
      peak = Math.max(peak, now);
    }
    now -= sum((dies.get(i) ?? []).map(bytesOf));
  });
  return peak;
}

/** What is needed no more after each node, by the node's place. */
function lastUses(
  order: readonly Node[],
  whole: (value: Value) => Value,
  kept: ReadonlySet<Value>,
): Map<number, Value[]> {
  const dies = new Map<number, Value[]>();
  const seen = new Set(kept);
  for (let i = order.length - 1; i >= 0; i--) {
    const { inputs, outputs } = order[i]!;
    const used = [...outputs, ...inputs].flatMap((value) => (value ? [whole(value)] : []));
    for (const value of used) {
      if (seen.has(value) || !value.node) continue;
      seen.add(value);
      dies.set(i, [...(dies.get(i) ?? []), value]);
    }
  }
  return dies;
}

/** Every node once, each after those that it needs: without recursion, for graphs are thousands of nodes deep. */
function orderOf(results: readonly Value[], written: (value: Value) => Value): Node[] {
  const order: Node[] = [];
  const done = new Set<Node>();
  for (const result of results) {
    const stack = result.node ? [result.node] : [];
    while (stack.length > 0) {
      const node = stack.at(-1)!;
      const makers = done.has(node) ? [] : node.inputs.map((value) => value && written(value).node);
      const next = makers.find((maker) => maker && !done.has(maker));
      if (next) {
        stack.push(next);
        continue;
      }
      stack.pop();
      if (!done.has(node)) order.push(node);
      done.add(node);
    }
  }
  return order;
}

/** Gives a value as it is written in a file: an operator of ganport's own, as what it is composed of. */
function createWriter(): (value: Value) => Value {
  const composed = new Map<Node, readonly Value[]>();
  return (value) => {
    let written = value;
    while ('node' in written.origin) {
      const { node, index } = written.origin;
      if (!node.own || !node.composed) break;
      const outputs = composed.get(node) ?? node.composed();
      composed.set(node, outputs);
      written = outputs[index]!;
    }
    return written;
  };
}

function bytesOf({ dtype, shape }: Value): number {
  return sizeOf(shape as number[]) * BYTES[dtype];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
