/**
 * Reverse-mode differentiation by graph rewriting: from a scalar back to the values it depends on,
 * one vector-Jacobian rule per operator. The rules are written with operators that have rules, so a
 * gradient can be differentiated again.
 */
import { OnnxError } from '../error.ts';
import { Add } from '../ops/index.ts';
import { type Node, scalar, showShape, type Value } from '../value.ts';
import { batchNormRules } from './batch-norm.ts';
import { convRules } from './conv.ts';
import { elementwiseRules } from './elementwise.ts';
import { linearRules } from './linear.ts';
import { type Rule, sumTo } from './rule.ts';
import { shapeRules, zerosLike } from './shape.ts';

const RULES: Readonly<Record<string, Rule | 'flat'>> = {
  ...elementwiseRules,
  ...linearRules,
  ...shapeRules,
  ...convRules,
  ...batchNormRules,
};

/**
 * The gradients of a scalar with respect to values, each of its value's shape; zeros where `y` does
 * not depend on the value. What a rule gives is summed to its operand's shape, where that was broadcast.
 * @throws OnnxError if `y` is not a scalar, or an operator on the way has no rule.
 */
export function gradients(y: Value, wrt: readonly Value[]): Value[] {
  if (y.rank !== 0) throw new OnnxError(`gradients: expected a scalar, got ${showShape(y.shape)}`);
  const wanted = new Set(wrt);
  const path = pathTo(y, wanted);
  const needed = (value: Value) => wanted.has(value) || (value.node && path.has(value.node));
  const adjoints = new Map<Value, Value>([[y, scalar(1)]]);
  for (const node of [...path].reverse()) {
    const dys = node.outputs.map((output) => adjoints.get(output));
    if (dys.every((dy) => dy === undefined)) continue;
    const rule = RULES[node.op];
    if (!rule || rule === 'flat') throw new OnnxError(`operator ${node.op} has no gradient rule`);
    rule(node, dys).forEach((thunk, i) => {
      const x = node.inputs[i];
      if (!x || !thunk || !needed(x)) return;
      const share = sumTo(thunk(), x.shape);
      const sum = adjoints.get(x);
      adjoints.set(x, sum ? Add(sum, share) : share);
    });
  }
  return wrt.map((value) => adjoints.get(value) ?? zerosLike(value));
}

/** The nodes through which `y` depends on the wanted values, each after those it depends on. */
function pathTo(y: Value, wanted: ReadonlySet<Value>): ReadonlySet<Node> {
  const path = new Set<Node>();
  const visited = new Set<Node>();
  const stack: { node: Node; next: number }[] = y.node ? [{ node: y.node, next: 0 }] : [];
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    const flat = RULES[top.node.op] === 'flat';
    const x = flat ? undefined : top.node.inputs[top.next++];
    if (x?.node && !visited.has(x.node)) {
      visited.add(x.node);
      stack.push({ node: x.node, next: 0 });
    } else if (flat || top.next > top.node.inputs.length) {
      stack.pop();
      const depends = (v: Value | undefined) =>
        v && (wanted.has(v) || (v.node && path.has(v.node)));
      if (!flat && top.node.inputs.some(depends)) path.add(top.node);
    }
  }
  return path;
}
