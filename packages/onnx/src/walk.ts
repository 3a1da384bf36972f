/** Walks over the graph behind values. */
import type { Node, Value } from './value.ts';

/** The graph inputs that values depend on, each once, in the order they are met. */
export function inputsOf(values: readonly Value[]): Value[] {
  const found = new Set<Value>();
  const visited = new Set<Node>();
  const stack = [...values];
  while (stack.length > 0) {
    const value = stack.pop()!;
    if ('input' in value.origin) found.add(value);
    if (!value.node || visited.has(value.node)) continue;
    visited.add(value.node);
    for (const x of value.node.inputs) if (x) stack.push(x);
  }
  return [...found];
}
