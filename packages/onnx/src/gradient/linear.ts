import { Expand, Gemm, MatMul, Reshape, Transpose } from '../ops/index.ts';
import { constantOf, knownShape, type Value } from '../value.ts';
import { type Rule, rule, sumTo } from './rule.ts';

/** Swaps the last two axes. */
function transposed(x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  return Transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}

export const linearRules: Readonly<Record<string, Rule>> = {
  MatMul: rule(([a, b], dy) => [
    () => sumTo(MatMul(dy, transposed(b!)), a!.shape),
    () => sumTo(MatMul(transposed(a!), dy), b!.shape),
  ]),

  Gemm: rule(([a, b, c], dy, _y, attributes) => {
    const [transA, transB] = [Boolean(attributes.transA), Boolean(attributes.transB)];
    return [
      () =>
        transA
          ? Gemm(b!, dy, undefined, { transA: transB, transB: true })
          : Gemm(dy, b!, undefined, { transB: !transB }),
      () =>
        transB
          ? Gemm(dy, a!, undefined, { transA: true, transB: transA })
          : Gemm(a!, dy, undefined, { transA: !transA }),
      () => sumTo(dy, c!.shape),
    ];
  }),

  ReduceSum: rule(([x, axes], dy) => {
    const summed = Array.from(constantOf(axes!)!.data, Number);
    const kept = x!.shape.map((dim, axis) => (summed.includes(axis) ? 1 : dim));
    return [() => Expand(Reshape(dy, kept), knownShape(x!.shape, 'the gradient of ReduceSum'))];
  }),
};
